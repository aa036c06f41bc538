"use client";

import { IconAdjustmentsHorizontal } from "@tabler/icons-react";

import { useText } from "@/text";

import { LateMenu } from "./LateMenu";

const load = () => import("./PreferencesMenu");

export function Preferences() {
  const text = useText().profile;
  return (
    <LateMenu label={text.preferences} size="lg" load={load}>
      <IconAdjustmentsHorizontal size={20} />
    </LateMenu>
  );
}

"use client";

import { PreferenceItems } from "@laurel/ui";
import { Menu } from "@mantine/core";

import { type LateContent } from "./LateMenu";

export default function PreferencesMenu({ target }: LateContent) {
  return (
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <PreferenceItems />
      </Menu.Dropdown>
    </Menu>
  );
}

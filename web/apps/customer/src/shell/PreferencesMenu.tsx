"use client";

import { PreferenceItems } from "@laurel/ui";
import { Menu } from "@mantine/core";

import { type LateContent, lateMenu } from "./LateMenu";

export default function PreferencesMenu({ target }: LateContent) {
  return (
    <Menu {...lateMenu}>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <PreferenceItems />
      </Menu.Dropdown>
    </Menu>
  );
}

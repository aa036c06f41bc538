"use client";

import { PreferenceItems } from "@laurel/ui";
import { Menu } from "@mantine/core";
import { IconLogout, IconUser, IconUsersPlus } from "@tabler/icons-react";
import Link from "next/link";

import { useText } from "@/text";

import { type LateContent, lateMenu } from "./LateMenu";
import { signOut } from "./signingOut";

export default function AccountMenu({ target }: LateContent) {
  const text = useText();
  return (
    <Menu {...lateMenu}>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} href="/profile" leftSection={<IconUser size={16} />}>
          {text.places.profile}
        </Menu.Item>
        <Menu.Item component={Link} href="/friends" leftSection={<IconUsersPlus size={16} />}>
          {text.places.friends}
        </Menu.Item>
        <PreferenceItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {text.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

"use client";

import { Brand, PreferenceItems } from "@laurel/ui";
import { ActionIcon, AppShell, Group, Menu, UnstyledButton } from "@mantine/core";
import {
  IconBasket,
  IconGift,
  IconHome2,
  IconLogout,
  IconReceipt2,
  IconTicket,
  IconUser,
  IconUserCircle,
} from "@tabler/icons-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode } from "react";

import { useLiveEvents } from "@/live/events";
import { useText } from "@/text";

import { Connection } from "./Connection";
import styles from "./MemberShell.module.css";
import { Outcomes } from "./Outcomes";
import { signOut, useSignedOutElsewhere } from "./signingOut";

const PLACES = [
  ["home", "/", IconHome2],
  ["shop", "/shop", IconBasket],
  ["rewards", "/rewards", IconGift],
  ["purchases", "/purchases", IconReceipt2],
  ["redemptions", "/redemptions", IconTicket],
] as const;

/** The frame of a member's pages: places in the header, or within a thumb's reach on a phone. */
export function MemberShell({ children }: { children: ReactNode }) {
  const text = useText();
  useLiveEvents();
  useSignedOutElsewhere();
  return (
    <AppShell header={{ height: 60 }} footer={{ height: { base: 64, sm: 0 } }} padding={{ base: "md", sm: "xl" }}>
      <AppShell.Header className={styles.header}>
        <a href="#content" className={styles.skip}>
          {text.skip}
        </a>
        <Group className={styles.bar} justify="space-between" wrap="nowrap">
          <Link href="/" prefetch={false} className={styles.brand} aria-label={`${text.app}: ${text.places.home}`}>
            <Brand />
          </Link>
          <Group component="nav" gap={4} visibleFrom="sm" aria-label={text.app}>
            <Places className={styles.place} />
          </Group>
          <Account />
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1} className={styles.main}>
        <div className={styles.content}>
          <Connection />
          {children}
        </div>
      </AppShell.Main>
      <AppShell.Footer hiddenFrom="sm" className={styles.footer}>
        <nav className={styles.thumb} aria-label={text.app}>
          <Places className={styles.tab} />
        </nav>
      </AppShell.Footer>
      <Outcomes />
    </AppShell>
  );
}

function Places({ className }: { className: string | undefined }) {
  const text = useText();
  const pathname = usePathname();
  return PLACES.map(([name, href, Icon]) => {
    const here = href === "/" ? pathname === "/" : pathname.startsWith(href);
    return (
      <UnstyledButton
        key={name}
        component={Link}
        href={href}
        prefetch={false}
        className={className}
        data-here={here || undefined}
        aria-current={here ? "page" : undefined}
      >
        <Icon size={20} aria-hidden />
        <span>{text.places[name]}</span>
      </UnstyledButton>
    );
  });
}

function Account() {
  const text = useText();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="xl" aria-label={text.account}>
          <IconUserCircle size={24} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} href="/profile" leftSection={<IconUser size={16} />}>
          {text.places.profile}
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

"use client";

import { AppShell, Box, Burger, Group, NavLink, ScrollArea, Stack, Text } from "@mantine/core";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useState } from "react";

import { useUiText } from "./messages";
import styles from "./Shell.module.css";

export interface Place {
  label: string;
  href: string;
  icon: ReactNode;
  /** How many things wait there for somebody. */
  badge?: ReactNode;
}

export interface PlaceGroup {
  label: string;
  places: Place[];
}

interface ShellProps {
  brand: ReactNode;
  groups: PlaceGroup[];
  /** The right end of the header. */
  tools: ReactNode;
  children: ReactNode;
}

/** The frame of a console: header, places on the left (behind a button on a small screen), content. */
export function Shell({ brand, groups, tools, children }: ShellProps) {
  const text = useUiText();
  const pathname = usePathname();
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const opened = openedAt === pathname;
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "md", collapsed: { mobile: !opened } }}
      padding={{ base: "md", sm: "lg" }}
    >
      <AppShell.Header className={styles.header}>
        <a href="#content" className={styles.skip}>
          {text.skip}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={() => setOpenedAt(opened ? null : pathname)}
              hiddenFrom="md"
              size="sm"
              aria-label={text.menu}
            />
            {brand}
          </Group>
          {tools}
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={styles.navbar} aria-label={text.mainMenu}>
        <AppShell.Section grow component={ScrollArea} p="xs">
          <Stack gap="sm">
            {groups.map((group) => (
              <Places key={group.label} group={group} pathname={pathname} />
            ))}
          </Stack>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Box className={styles.main}>{children}</Box>
      </AppShell.Main>
    </AppShell>
  );
}

function Places({ group, pathname }: { group: PlaceGroup; pathname: string }) {
  return (
    <Box role="group" aria-label={group.label}>
      <Text size="xs" fw={600} c="dimmed" px={10} py={4}>
        {group.label}
      </Text>
      {group.places.map((place) => {
        const active = isWithin(pathname, place.href);
        return (
          <NavLink
            key={place.href}
            component={Link}
            href={place.href}
            label={place.label}
            leftSection={place.icon}
            rightSection={place.badge}
            active={active}
            aria-current={active ? "page" : undefined}
            className={styles.link}
            variant="subtle"
          />
        );
      })}
    </Box>
  );
}

function isWithin(pathname: string, href: string): boolean {
  return href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
}

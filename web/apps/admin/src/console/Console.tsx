"use client";

import { problemOf } from "@laurel/api-client";
import { Brand, PreferenceItems, ProblemNotice, Shell, Waiting } from "@laurel/ui";
import { ActionIcon, Avatar, Button, Center, Container, Group, Kbd, Menu, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { spotlight } from "@mantine/spotlight";
import { IconLogout, IconSearch } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect } from "react";

import { useGet } from "@/api/queries";
import { LiveContext, useLive } from "@/live/live";
import { useText } from "@/messages";
import { MeContext, useMe } from "@/session/access";
import { SignInAgain } from "@/session/SignInAgain";
import { signOut } from "@/session/session";

import { usePlaces } from "./places";

const Palette = dynamic(() => import("./Palette").then((module) => module.Palette), { ssr: false });

/** The console for who is signed in; whoever is not is sent to sign in and comes back to this page. */
export function Console({ children }: { children: ReactNode }) {
  const me = useGet("/api/admin/me");
  const signedOut = me.data === undefined && me.isError && problemOf(me.error).status === 401;
  useSignInFirst(signedOut);
  useHotkeys([
    ["mod+K", spotlight.open],
    ["/", spotlight.open],
  ]);
  if (me.data) {
    return (
      <MeContext value={me.data}>
        <Live>
          <Frame>{children}</Frame>
        </Live>
        <SignInAgain />
        <Palette />
      </MeContext>
    );
  }
  return (
    <Container component="main" size="sm" py="xl">
      {me.isError && !signedOut ? (
        <ProblemNotice error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <Center mih="60dvh">
          <Waiting lines={3} />
        </Center>
      )}
    </Container>
  );
}

function Live({ children }: { children: ReactNode }) {
  return <LiveContext value={useLive()}>{children}</LiveContext>;
}

function useSignInFirst(signedOut: boolean): void {
  const pathname = usePathname();
  useEffect(() => {
    if (signedOut) {
      window.location.replace(`/login?next=${encodeURIComponent(pathname + window.location.search)}`);
    }
  }, [signedOut, pathname]);
}

function Frame({ children }: { children: ReactNode }) {
  const text = useText();
  const groups = usePlaces();
  return (
    <Shell brand={<Brand suffix={text.common.console} />} groups={groups} tools={<Tools />}>
      {children}
    </Shell>
  );
}

function Tools() {
  const text = useText().console;
  return (
    <Group gap="sm" wrap="nowrap">
      <Button
        variant="default"
        size="xs"
        fw={400}
        visibleFrom="sm"
        leftSection={<IconSearch size={15} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        onClick={spotlight.open}
      >
        {text.palette}
      </Button>
      <ActionIcon variant="default" size="lg" hiddenFrom="sm" aria-label={text.palette} onClick={spotlight.open}>
        <IconSearch size={17} />
      </ActionIcon>
      <Account />
    </Group>
  );
}

function Account() {
  const text = useText().console;
  const me = useMe();
  const leave = async () => {
    await signOut();
    window.location.assign("/login");
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="transparent" size="lg" radius="xl" aria-label={`${text.account}: ${me.name}`}>
          <Avatar size={32} radius="xl" color="laurel" alt="" aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
            {me.name}
          </Text>
          <Text size="xs" truncate>
            {me.email} · {text.roles[me.role]}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <PreferenceItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {text.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

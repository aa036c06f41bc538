"use client";

import { Brand, PreferenceItems } from "@laurel/ui";
import { ActionIcon, Center, Group, Menu, Paper, Stack, Text, Title } from "@mantine/core";
import { IconSettings } from "@tabler/icons-react";
import { useEffect } from "react";

import { useText } from "@/messages";

import { SignInForm } from "./SignInForm";

export function SignInPage({ next }: { next: string | undefined }) {
  const text = useText();
  const { title, detail } = text.console.signIn;
  useEffect(() => {
    document.title = `${title} · ${text.common.app}`;
  }, [title, text]);
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper p="xl" w="100%" maw={400} bg="var(--laurel-surface)" shadow="sm">
        <Stack>
          <Group justify="space-between">
            <Brand suffix={text.common.console} />
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={text.console.account}>
                  <IconSettings size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <PreferenceItems />
              </Menu.Dropdown>
            </Menu>
          </Group>
          <div>
            <Title order={1} size="h3">
              {title}
            </Title>
            <Text c="dimmed" size="sm">
              {detail}
            </Text>
          </div>
          <SignInForm onDone={() => window.location.assign(within(next))} />
        </Stack>
      </Paper>
    </Center>
  );
}

/** Where to go after signing in: never to another site. */
function within(next: string | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}

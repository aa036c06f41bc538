"use client";

import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

import { useText } from "@/text";

/** Name the page in the browser's tab. */
export function useTitle(title: string): void {
  const { app } = useText();
  useEffect(() => {
    document.title = `${title} · ${app}`;
  }, [title, app]);
}

interface PageProps {
  title: string;
  detail?: ReactNode;
  /** What can be done here, at the right of the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A member's page: its title, a line about it, its content. */
export function Page({ title, detail, actions, children }: PageProps) {
  useTitle(title);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end">
        <Box>
          <Title order={1} size="h2">
            {title}
          </Title>
          {detail && (
            <Text c="dimmed" maw="40rem">
              {detail}
            </Text>
          )}
        </Box>
        {actions}
      </Group>
      {children}
    </Stack>
  );
}

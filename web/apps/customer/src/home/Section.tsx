import { Group, Paper, Stack, Title } from "@mantine/core";
import { type ReactNode } from "react";

/** A part of a page: its name, a way on, its content. */
export function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <Paper component="section" p={{ base: "md", sm: "lg" }} bg="var(--laurel-surface)">
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            {title}
          </Title>
          {action}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}

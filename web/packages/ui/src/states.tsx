"use client";

import { Center, Skeleton, Stack, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

import { useUiText } from "./messages";

interface EmptyProps {
  icon: ReactNode;
  title: string;
  detail?: string;
  /** The way on: a button or a link. */
  action?: ReactNode;
}

/** Nothing to show, why, and the way on. */
export function Empty({ icon, title, detail, action }: EmptyProps) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw={420}>
        <ThemeIcon size={48} radius="xl" variant="light" color="gray">
          {icon}
        </ThemeIcon>
        <Text fw={600}>{title}</Text>
        {detail && (
          <Text size="sm" c="dimmed" ta="center">
            {detail}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** Grey lines where text is about to be, so that nothing jumps when it comes. */
export function Waiting({ lines = 4, height = 18 }: { lines?: number; height?: number }) {
  const text = useUiText();
  return (
    <Stack gap="sm" role="status">
      <VisuallyHidden>{text.loading}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={height} width={`${100 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

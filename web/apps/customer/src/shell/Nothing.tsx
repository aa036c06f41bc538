"use client";

import { Button, Center, Stack, Text, Title } from "@mantine/core";
import Link from "next/link";
import { type ReactNode } from "react";

import { useText } from "@/text";

import { useTitle } from "./Page";

interface NothingProps {
  title: string;
  detail: string;
  action?: ReactNode;
}

/** A page that cannot be shown: why, and the way on. */
export function Nothing({ title, detail, action }: NothingProps) {
  const text = useText();
  useTitle(title);
  return (
    <Center component="main" mih="80dvh" p="md">
      <Stack align="center" maw={420}>
        <Title order={1} size="h2" ta="center">
          {title}
        </Title>
        <Text c="dimmed" ta="center">
          {detail}
        </Text>
        {action ?? (
          <Button component={Link} href="/">
            {text.toHome}
          </Button>
        )}
      </Stack>
    </Center>
  );
}

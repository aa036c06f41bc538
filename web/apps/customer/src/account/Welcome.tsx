"use client";

import { Brand } from "@laurel/ui";
import { Box, Center, Group, List, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { type ReactNode } from "react";

import { useTitle } from "@/shell/Page";
import { Preferences } from "@/shell/Preferences";
import { useText } from "@/text";

import styles from "./Welcome.module.css";

/** The frame of the pages that anybody may see. */
export function Welcome({ title, detail, children }: { title: string; detail: string; children: ReactNode }) {
  const text = useText();
  useTitle(title);
  return (
    <Box className={styles.page}>
      <Box component="aside" className={styles.promise} visibleFrom="md" aria-label={text.tagline}>
        <Stack gap="xl" maw={440}>
          <Text className={styles.tagline}>{text.tagline}</Text>
          <List
            spacing="md"
            size="lg"
            center
            icon={
              <ThemeIcon variant="white" color="laurel" radius="xl" size={28}>
                <IconCheck size={18} />
              </ThemeIcon>
            }
          >
            {text.access.promise.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </Stack>
      </Box>
      <Box className={styles.side}>
        <Group component="header" justify="space-between" p="md">
          <Brand />
          <Preferences />
        </Group>
        <Center component="main" px="md" py="xl">
          <Paper w="100%" maw={420} p={{ base: "md", xs: "xl" }} bg="var(--laurel-surface)">
            <Stack gap="lg">
              <Box>
                <Title order={1} size="h2">
                  {title}
                </Title>
                <Text c="dimmed">{detail}</Text>
              </Box>
              {children}
            </Stack>
          </Paper>
        </Center>
      </Box>
    </Box>
  );
}

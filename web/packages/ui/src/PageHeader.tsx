"use client";

import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import Link from "next/link";
import { type ReactNode, useEffect } from "react";

interface PageHeaderProps {
  title: string;
  /** The app's name, behind the title in the browser's tab. */
  app: string;
  /** A line on what the page is for. */
  detail?: ReactNode;
  /** Where one came from, outermost first. */
  trail?: { label: string; href: string }[];
  /** What can be done here. */
  actions?: ReactNode;
  /** Beside the title: how the thing stands. */
  status?: ReactNode;
}

/** The head of every page: where one is, what it is called, what can be done. */
export function PageHeader({ title, app, detail, trail, actions, status }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · ${app}`;
  }, [title, app]);
  return (
    <Stack gap={4} mb="lg">
      {trail && (
        <Breadcrumbs
          separator="›"
          styles={{ root: { flexWrap: "wrap" }, breadcrumb: { whiteSpace: "normal", overflowWrap: "anywhere" } }}
        >
          {trail.map((step) => (
            <Anchor key={step.href} component={Link} href={step.href} size="sm">
              {step.label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="center">
        <Group gap="sm">
          <Title order={1} size="h2" style={{ overflowWrap: "anywhere" }}>
            {title}
          </Title>
          {status}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {detail && (
        <Text c="dimmed" size="sm" maw="46rem">
          {detail}
        </Text>
      )}
    </Stack>
  );
}

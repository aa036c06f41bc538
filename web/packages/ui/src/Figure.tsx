"use client";

import { Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight, IconMinus } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useFormat } from "./format";
import { useUiText } from "./messages";

interface FigureProps {
  label: string;
  /** With its unit; undefined while it is not known yet. */
  value: string | undefined;
  /** What it is worth, out of how many, since when. */
  detail?: ReactNode;
  /** Now and in the period before. */
  change?: { now: number; before: number };
}

/** One number that matters, with its unit and how it has changed. */
export function Figure({ label, value, detail, change }: FigureProps) {
  return (
    <Paper p="md" bg="var(--laurel-surface)">
      <Stack gap={4}>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        {value === undefined ? (
          <Skeleton height={28} width="60%" />
        ) : (
          <Text fz={22} fw={640} lh={1.25} style={{ fontVariantNumeric: "tabular-nums" }}>
            {value}
          </Text>
        )}
        {change && value !== undefined && <Change {...change} />}
        {detail && (
          <Text size="xs" c="dimmed" component="div">
            {detail}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function Change({ now, before }: { now: number; before: number }) {
  const text = useUiText();
  const format = useFormat();
  if (before === 0) {
    return (
      <Text size="xs" c="dimmed">
        {now === 0 ? "–" : text.noPeriodBefore}
      </Text>
    );
  }
  const share = (now - before) / before;
  const Arrow = share > 0 ? IconArrowUpRight : share < 0 ? IconArrowDownRight : IconMinus;
  const signed = `${share > 0 ? "+" : ""}${format.percent(share)}`;
  return (
    <Group gap={4} wrap="nowrap" c="dimmed">
      <Arrow size={14} aria-hidden />
      <Text size="xs">{text.versusBefore(signed)}</Text>
    </Group>
  );
}

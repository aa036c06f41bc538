"use client";

import { useFormat } from "@laurel/ui";
import { Progress, Text } from "@mantine/core";

import { useText } from "@/messages";

/** How far a file has been read. `label` names it for those who do not see the bar. */
export function LinesRead({ label, done, lines }: { label: string; done: number; lines: number }) {
  const text = useText().transfer;
  const format = useFormat();
  return (
    <>
      <Progress value={(100 * done) / Math.max(lines, 1)} animated aria-label={label} />
      <Text size="sm">{text.running(format.number(done), format.number(lines))}</Text>
    </>
  );
}

"use client";

import { Text, Tooltip } from "@mantine/core";

import { useFormat } from "./format";

interface MomentProps {
  /** RFC 3339. */
  at: string | null | undefined;
  /** What stands there when there is no time. */
  none?: string;
  relative?: boolean;
}

/** A time in the user's zone; the whole of it, with the zone, on hover and focus. */
export function Moment({ at, none = "–", relative = false }: MomentProps) {
  const format = useFormat();
  if (!at) return <>{none}</>;
  return (
    <Tooltip label={format.exactTime(at)}>
      <Text component="time" inherit dateTime={at} span style={{ whiteSpace: "nowrap" }}>
        {relative ? format.ago(at) : format.dateTime(at)}
      </Text>
    </Tooltip>
  );
}

"use client";

import { Badge } from "@mantine/core";

import { useText } from "@/messages";

const colours = {
  active: "laurel",
  awarded: "laurel",
  completed: "laurel",
  recorded: "sky",
  pending: "sky",
  queued: "sky",
  running: "sky",
  reserved: "plum",
  shadow: "plum",
  draft: "gray",
  suspended: "amber",
  refunded: "amber",
  reversed: "amber",
  cancelled: "gray",
  retired: "gray",
  erased: "gray",
  rejected: "rose",
  failed: "rose",
  delivered: "laurel",
  open: "sky",
  over_limit: "amber",
  lapsed: "gray",
  revoked: "gray",
} as const;

export type Standing = keyof typeof colours;

/** How something stands, in a word and a colour. */
export function StandingBadge({ standing }: { standing: Standing }) {
  const text = useText().standing;
  return <Badge color={colours[standing]}>{text[standing]}</Badge>;
}

export function ActiveBadge({ active }: { active: boolean }) {
  const text = useText().common;
  return <Badge color={active ? "laurel" : "gray"}>{active ? text.active : text.inactive}</Badge>;
}

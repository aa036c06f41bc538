"use client";

import { useFormat } from "@laurel/ui";

import { useGet } from "@/api/queries";
import { useTierNames } from "@/members/tiers";
import { useText } from "@/messages";

import type { Reader } from "./reading";

const FALLBACK_CURRENCY = "USD";

/** What is needed to say a rule in words: the names behind codes and ids. */
export function useReader(): Reader {
  const text = useText();
  const format = useFormat();
  const tiers = useTierNames();
  const program = useGet("/api/admin/program");
  const found = useGet("/api/admin/merchants", { query: { limit: 100 } });
  const merchants = Object.fromEntries((found.data?.data ?? []).map(({ merchant_id, name }) => [merchant_id, name]));
  return { text, format, tiers, merchants, currency: program.data?.currency ?? FALLBACK_CURRENCY };
}

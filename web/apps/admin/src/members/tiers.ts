"use client";

import { useGet } from "@/api/queries";

/** The names of the program's tiers by their codes. */
export function useTierNames(): Record<string, string> {
  const tiers = useGet("/api/admin/tiers");
  return Object.fromEntries((tiers.data?.tiers ?? []).map((tier) => [tier.code, tier.name]));
}

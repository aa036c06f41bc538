"use client";

import { useSharedEvents } from "@laurel/ui";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo } from "react";

import type { Schema } from "@/api/client";
import { forget, type GetPath } from "@/api/queries";

import { Gathered } from "./gathered";

type Pipeline = Schema<"Pipeline">;
type AuditEntry = Schema<"AuditEntry">;
type Pushed = { kind: "pipeline.changed"; data: Pipeline } | { kind: "audit.recorded"; data: AuditEntry };

const KINDS = ["pipeline.changed", "audit.recorded"] as const;
const PIPELINE = ["/api/admin/pipeline", {}];
const STUCK: GetPath[] = ["/api/admin/dead-letters", "/api/admin/parked-keys"];
const MOVED: GetPath[] = ["/api/admin/reports/overview", "/api/admin/redemptions", "/api/admin/transactions"];

export const LiveContext = createContext(false);

/** How often to ask: not at all while changes are pushed. */
export function usePolling(milliseconds: number): number | undefined {
  return useContext(LiveContext) ? undefined : milliseconds;
}

/** Hears of what changes and has it read again; whether it hears. */
export function useLive(): boolean {
  const cache = useQueryClient();
  const gathered = useMemo(() => new Gathered((paths) => void forget(cache, paths)), [cache]);
  const hear = useCallback(
    (pushed: Pushed) => {
      if (pushed.kind === "audit.recorded") {
        gathered.add("/api/admin/audit-log", ...touchedBy(pushed.data));
        return;
      }
      const before = cache.getQueryData<Pipeline>(PIPELINE);
      cache.setQueryData(PIPELINE, pushed.data);
      if (before) gathered.add(...movedBetween(before, pushed.data));
    },
    [cache, gathered],
  );
  return useSharedEvents("/api/admin/events", KINDS, hear);
}

const subjects: Record<string, GetPath[]> = {
  member: ["/api/admin/members"],
  rule: ["/api/admin/earning-rules"],
  rule_replay: ["/api/admin/earning-rules/replays"],
  reward: ["/api/admin/rewards"],
  redemption: ["/api/admin/redemptions"],
  merchant: ["/api/admin/merchants"],
  merchant_key: ["/api/admin/merchants"],
  signing_key: ["/api/admin/merchants"],
  webhook: ["/api/admin/webhooks"],
  webhook_delivery: ["/api/admin/webhooks"],
  admin: ["/api/admin/admins"],
  program: ["/api/admin/program", "/api/admin/tiers", "/api/admin/referrals/terms"],
};

/** What a colleague's change makes old. */
function touchedBy({ subject_kind }: AuditEntry) {
  return subjects[subject_kind] ?? [];
}

/** What is old once the pipeline has these figures: what is stuck, and what the events on their way have done. */
function movedBetween(before: Pipeline, now: Pipeline): GetPath[] {
  const stuck = ({ dead_letters, outbox }: Pipeline) => [dead_letters.open, outbox.parked_keys, outbox.parked_rows];
  const moving = ({ outbox, consumers, unawarded_transactions, pending_redemptions }: Pipeline) => [
    outbox.backlog_rows,
    outbox.rows_per_second,
    consumers.lag_events,
    unawarded_transactions,
    pending_redemptions,
  ];
  return [...(differ(stuck(before), stuck(now)) ? STUCK : []), ...(differ(moving(before), moving(now)) ? MOVED : [])];
}

const differ = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);

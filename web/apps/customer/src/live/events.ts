"use client";

import type { CustomerSchemas } from "@laurel/api-client/customer";
import { useSharedEvents } from "@laurel/ui";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

import { points, type Purchase, type Redemption, redemption } from "@/api";

type Pushed =
  | { kind: "points.changed"; data: CustomerSchemas["PointsChanged"] }
  | { kind: "transaction.awarded"; data: Pick<Purchase, "transaction_id" | "points_awarded"> }
  | { kind: "redemption.completed"; data: Omit<Redemption, "reward_name" | "points_cost" | "requested_at"> };

const KINDS = ["points.changed", "transaction.awarded", "redemption.completed"] as const;
/** What changes for the member, in every tab; what was missed while nothing came is asked for once it comes again. */
export function useLiveEvents(): void {
  const queries = useQueryClient();
  const hear = useCallback((pushed: Pushed) => apply(pushed, queries), [queries]);
  const open = useSharedEvents<Pushed>("/api/customer/events", KINDS, hear);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (open && wasOpen.current) void queries.invalidateQueries();
    wasOpen.current ||= open;
  }, [open, queries]);
}

function apply(pushed: Pushed, queries: QueryClient): void {
  switch (pushed.kind) {
    case "points.changed": {
      applyPoints(pushed.data, queries);
      return;
    }
    case "transaction.awarded":
      void queries.invalidateQueries({ queryKey: ["purchases"] });
      void queries.invalidateQueries({ queryKey: ["purchase", pushed.data.transaction_id] });
      return;
    case "redemption.completed":
      queries.setQueryData(
        redemption(pushed.data.redemption_id).queryKey,
        (known: Redemption | undefined) => known && { ...known, ...pushed.data },
      );
      void queries.invalidateQueries({ queryKey: ["redemptions"] });
      void queries.invalidateQueries({ queryKey: ["rewards"] });
  }
}

/** The balance is in the event; what it leads to (tier, expiry, who may have what) is asked for. */
function applyPoints(changed: CustomerSchemas["PointsChanged"], queries: QueryClient): void {
  const known = queries.getQueryData(points.queryKey);
  if (known && known.version >= changed.version) return;
  if (known) queries.setQueryData(points.queryKey, { ...known, ...changed });
  void queries.invalidateQueries({ queryKey: points.queryKey });
  if (known) void queries.invalidateQueries({ queryKey: ["rewards"] });
}

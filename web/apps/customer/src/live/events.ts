"use client";

import type { CustomerSchemas } from "@laurel/api-client/customer";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { points, type Purchase, type Redemption, redemption } from "@/api";

type Pushed =
  | { kind: "points.changed"; data: CustomerSchemas["PointsChanged"] }
  | { kind: "transaction.awarded"; data: Pick<Purchase, "transaction_id" | "points_awarded"> }
  | { kind: "redemption.completed"; data: Omit<Redemption, "reward_name" | "points_cost" | "requested_at"> };

const KINDS = ["points.changed", "transaction.awarded", "redemption.completed"] as const;
const CHANNEL = "laurel-events";

/**
 * What changes for the member, in every tab. One tab holds the lock and with it the only connection (a browser allows
 * six to a host); it tells the others. When it is closed, another gets the lock.
 */
export function useLiveEvents(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    const leaving = new AbortController();
    const hear = (pushed: Pushed) => apply(pushed, queries);
    channel.onmessage = ({ data }: MessageEvent<Pushed>) => hear(data);
    const tell = (pushed: Pushed) => {
      hear(pushed);
      channel.postMessage(pushed);
    };
    lead(leaving.signal, () => listen(tell, leaving.signal)).catch(() => undefined);
    return () => {
      leaving.abort();
      channel.close();
    };
  }, [queries]);
}

/** Run `work` in one tab at a time; without locks (plain http) each tab is its own leader. */
async function lead(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return work();
  await locks.request(CHANNEL, { signal }, work);
}

/** Pass events on until the signal; the browser connects again by itself whenever the connection ends. */
function listen(tell: (pushed: Pushed) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let source = connect(tell);
    const again = setInterval(() => {
      // an answer that is no event stream (the API is away, the session has ended) closes it for good
      if (source.readyState === EventSource.CLOSED) source = connect(tell);
    }, 3_000);
    const end = () => {
      clearInterval(again);
      source.close();
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

function connect(tell: (pushed: Pushed) => void): EventSource {
  const source = new EventSource("/api/customer/events");
  for (const kind of KINDS) {
    source.addEventListener(kind, (event: MessageEvent<string>) =>
      tell({ kind, data: JSON.parse(event.data) as unknown } as Pushed),
    );
  }
  return source;
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

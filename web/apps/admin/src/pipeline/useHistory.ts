"use client";

import { useEffect, useState } from "react";

import type { Schema } from "@/api/client";

export interface Sample {
  at: string;
  outbox: number;
  /** Null while the worker does not tell. */
  worker: number | null;
}

const EVERY_MILLISECONDS = 2_000;
const KEPT = 90;

/**
 * What was waiting since the page was opened, the last few minutes of it. Figures are told when they change: between
 * that they stand, and time goes on.
 */
export function useHistory(now: Schema<"Pipeline"> | undefined): Sample[] {
  const [history, setHistory] = useState<Sample[]>([]);
  const known = now !== undefined;
  const outbox = now?.outbox.backlog_rows ?? 0;
  const worker = now?.consumers.lag_events ?? null;
  useEffect(() => {
    if (!known) return;
    const look = () => {
      const sample = { at: new Date().toISOString(), outbox, worker };
      setHistory((before) => [...before.slice(1 - KEPT), sample]);
    };
    const first = setTimeout(look, 0);
    const again = setInterval(look, EVERY_MILLISECONDS);
    return () => {
      clearTimeout(first);
      clearInterval(again);
    };
  }, [known, outbox, worker]);
  return history;
}

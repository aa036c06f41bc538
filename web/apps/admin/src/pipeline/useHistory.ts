"use client";

import { useState } from "react";

import type { Schema } from "@/api/client";

export interface Sample {
  at: string;
  outbox: number;
  /** Null while the worker does not tell. */
  worker: number | null;
}

const KEPT = 90;

/** What was waiting at each look since the page was opened, the last few minutes of it. */
export function useHistory(now: Schema<"Pipeline"> | undefined): Sample[] {
  const [history, setHistory] = useState<Sample[]>([]);
  if (now && history.at(-1)?.at !== now.as_of) {
    const sample = { at: now.as_of, outbox: now.outbox.backlog_rows, worker: now.consumers.lag_events };
    setHistory([...history.slice(1 - KEPT), sample]);
  }
  return history;
}

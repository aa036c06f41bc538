"use client";

import type { ReactNode } from "react";

import { ProblemNotice } from "./ProblemNotice";
import { Waiting } from "./states";

/** As much of a query as is needed to show how it stands. */
export interface Query<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface FetchedProps<Data> {
  query: Query<Data>;
  waiting?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The data once it is there; before that grey lines, and what went wrong when it did. */
export function Fetched<Data>({ query, waiting, children }: FetchedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemNotice error={query.error} onRetry={() => query.refetch()} />;
  return waiting ?? <Waiting />;
}

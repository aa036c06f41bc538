import { prefetched } from "@laurel/bff";
import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { config } from "./bff";

interface Query {
  key: readonly string[];
  /** Below /api/customer. */
  path: string;
  /** The data of the answer, null when the answer alone does not make it; left out, the answer is the data. */
  dataOf?: (answer: never) => unknown;
  /** Read when all others are there: what it says follows from theirs, and must not be older. */
  last?: boolean;
}

interface PrefetchProps {
  queries: readonly Query[];
  children: ReactNode;
}

/** Children with answers of the API in the page's first HTML, as far as they could be had at once. */
export async function Prefetch({ queries, children }: PrefetchProps) {
  const cache = new QueryClient();
  const read = async ({ key, path, dataOf }: Query) => {
    const answer = await prefetched<object>(config, path);
    const data = answer && dataOf ? dataOf(answer as never) : answer;
    if (data) cache.setQueryData([...key], data);
  };
  await Promise.all(queries.filter(({ last }) => !last).map(read));
  await Promise.all(queries.filter(({ last }) => last).map(read));
  return <HydrationBoundary state={dehydrate(cache)}>{children}</HydrationBoundary>;
}

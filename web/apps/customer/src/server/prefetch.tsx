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
}

interface PrefetchProps {
  queries: readonly Query[];
  children: ReactNode;
}

/** Children with answers of the API in the page's first HTML, as far as they could be had at once. */
export async function Prefetch({ queries, children }: PrefetchProps) {
  const cache = new QueryClient();
  await Promise.all(
    queries.map(async ({ key, path, dataOf }) => {
      const answer = await prefetched<object>(config, path);
      const data = answer && dataOf ? dataOf(answer as never) : answer;
      if (data) cache.setQueryData([...key], data);
    }),
  );
  return <HydrationBoundary state={dehydrate(cache)}>{children}</HydrationBoundary>;
}

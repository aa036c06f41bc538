import { prefetched } from "@laurel/bff";
import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { config } from "./bff";

interface PrefetchProps {
  /** Query keys, and the path below /api/customer that answers each. */
  queries: readonly (readonly [readonly string[], string])[];
  children: ReactNode;
}

/** Children with answers of the API in the page's first HTML, as far as they could be had at once. */
export async function Prefetch({ queries, children }: PrefetchProps) {
  const cache = new QueryClient();
  await Promise.all(
    queries.map(async ([key, path]) => {
      const answer = await prefetched<object>(config, path);
      if (answer !== null) cache.setQueryData([...key], answer);
    }),
  );
  return <HydrationBoundary state={dehydrate(cache)}>{children}</HydrationBoundary>;
}

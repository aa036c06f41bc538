import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { isAway, isSignedOut } from "@/api";

export const AGAIN_MS = 3_000;

/** The cache of what the API said. What nobody answered is asked again; a session that has ended is told of once. */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (isSignedOut(error)) onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: false,
        refetchInterval: ({ state }) => (state.status === "error" && isAway(state.error) ? AGAIN_MS : false),
      },
      mutations: { retry: false },
    },
  });
}

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { isAway, isSignedOut } from "@/api";

export const AGAIN_MS = 3_000;

/** When to ask again what the API did not answer, in milliseconds. */
export const whenAway = ({ state }: { state: { error: unknown } }) =>
  state.error && isAway(state.error) ? AGAIN_MS : false;

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
        refetchInterval: whenAway,
      },
      mutations: { retry: false },
    },
  });
}

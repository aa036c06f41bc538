"use client";

import { problemOf } from "@laurel/api-client";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { sessionEnded } from "@/session/ended";

import { mayHelp } from "./queries";

/** The cache of what was read. Whatever is refused for want of a session says so, wherever it was asked. */
export function Queries({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

function makeClient(): QueryClient {
  const notice = (error: unknown) => {
    if (problemOf(error).status === 401) sessionEnded.tell();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: notice }),
    defaultOptions: {
      queries: { retry: mayHelp, staleTime: 5_000 },
      mutations: { retry: false, onError: notice },
    },
  });
}

"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type ReactNode, useEffect, useState } from "react";

import { makeQueryClient } from "@/live/queries";

// most visits never need it
const SessionEnded = dynamic(() => import("./SessionEnded").then((module) => module.SessionEnded), { ssr: false });

/** The cache of the API's answers, and the dialog to sign in again when a session has ended. */
export function Providers({ children }: { children: ReactNode }) {
  const [ended, setEnded] = useState(false);
  const [queries] = useState(() => makeQueryClient(() => setEnded(true)));
  useEffect(() => {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  }, []);
  return (
    <QueryClientProvider client={queries}>
      {children}
      {ended && <SessionEnded onSignedIn={() => setEnded(false)} />}
    </QueryClientProvider>
  );
}

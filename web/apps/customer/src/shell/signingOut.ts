"use client";

import { useEffect } from "react";

import { ask } from "@/api";

const CHANNEL = "laurel-session";

const leave = () => window.location.assign("/sign-in");

/** End the session here and in every other tab. */
export async function signOut(): Promise<void> {
  await ask("DELETE", "/api/session").catch(() => undefined);
  new BroadcastChannel(CHANNEL).postMessage("out");
  leave();
}

export function useSignedOutElsewhere(): void {
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = leave;
    return () => channel.close();
  }, []);
}

"use client";

import { useEffect, useState } from "react";

const AGAIN_MILLISECONDS = 3_000;

type Told<Pushed> = { pushed: Pushed } | { open: boolean } | { asks: true };

interface Event {
  kind: string;
  data: unknown;
}

/**
 * Server-sent events of these kinds, in every tab; whether they come at present. One tab holds the lock and with it the
 * only connection (a browser allows six to a host); it tells the others. When it is closed, another gets the lock.
 */
export function useSharedEvents<Pushed extends Event>(
  url: string,
  kinds: readonly Pushed["kind"][],
  hear: (pushed: Pushed) => void,
): boolean {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const channel = new BroadcastChannel(url);
    const leaving = new AbortController();
    let leads: boolean | undefined;
    const tell = (told: Told<Pushed>) => {
      channel.postMessage(told);
      take(told);
    };
    const take = (told: Told<Pushed>) => {
      if ("pushed" in told) hear(told.pushed);
      else if ("open" in told) setOpen(told.open);
      else if (leads !== undefined) channel.postMessage({ open: leads });
    };
    const say = (now: boolean) => {
      if (leads === now) return;
      leads = now;
      tell({ open: now });
    };
    channel.onmessage = ({ data }: MessageEvent<Told<Pushed>>) => take(data);
    channel.postMessage({ asks: true });
    lead(url, leaving.signal, () => listen(url, kinds, (pushed) => tell({ pushed }), say, leaving.signal)).catch(
      () => undefined,
    );
    return () => {
      leaving.abort();
      channel.close();
    };
  }, [url, kinds, hear]);
  return open;
}

/** Run `work` in one tab at a time; without locks (plain http) each tab is its own leader. */
async function lead(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return work();
  await locks.request(name, { signal }, work);
}

/** Pass events on until the signal; the browser connects again by itself whenever the connection ends. */
function listen<Pushed extends Event>(
  url: string,
  kinds: readonly Pushed["kind"][],
  tell: (pushed: Pushed) => void,
  say: (open: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const connect = () => {
      const source = new EventSource(url);
      source.onopen = () => say(true);
      source.onerror = () => say(false);
      for (const kind of kinds) {
        source.addEventListener(kind, (event: MessageEvent<string>) =>
          tell({ kind, data: JSON.parse(event.data) as unknown } as Pushed),
        );
      }
      return source;
    };
    let source = connect();
    const again = setInterval(() => {
      // an answer that is no event stream (the API is away, the session has ended) closes it for good
      if (source.readyState === EventSource.CLOSED) source = connect();
    }, AGAIN_MILLISECONDS);
    const end = () => {
      clearInterval(again);
      source.close();
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

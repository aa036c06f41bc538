"use client";

import { useFormat } from "@laurel/ui";

/** A time in the member's zone; the whole of it, with the zone, as its title. */
export function When({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exactTime(at)}>
      {format.dateTime(at)}
    </time>
  );
}

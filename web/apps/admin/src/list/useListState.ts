"use client";

import type { Pager } from "@laurel/ui";
import { useSearchParams } from "next/navigation";
import { useState } from "react";

type Filters<Name extends string> = Partial<Record<Name, string>>;

interface ListState<Name extends string> {
  filters: Filters<Name>;
  /** Choose a filter; undefined takes it away. The list begins anew. */
  choose: (name: Name, value: string | undefined) => void;
  cursor: string | undefined;
  pager: Pager;
}

/**
 * Filters and place of a list, kept in the address: going back, reloading and sending the link to somebody keep them.
 * Only the server knows the pages; what we remember is the way we came.
 */
export function useListState<Name extends string>(names: readonly Name[]): ListState<Name> {
  const search = useSearchParams();
  const cursor = search.get("cursor") ?? undefined;
  const [trail, setTrail] = useState<(string | undefined)[]>([undefined]);
  const place = trail.indexOf(cursor);

  const go = (to: string | undefined) => window.history.pushState(null, "", withParameter(search, "cursor", to));
  const choose = (name: Name, value: string | undefined) => {
    setTrail([undefined]);
    const rest = new URLSearchParams(search);
    rest.delete("cursor");
    window.history.replaceState(null, "", withParameter(rest, name, value));
  };

  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? undefined])) as Filters<Name>;
  const pager: Pager = {
    page: place < 0 ? null : place + 1,
    previous: place > 0 ? () => go(trail[place - 1]) : place < 0 ? () => go(undefined) : null,
    next: (to) => {
      if (place >= 0) setTrail([...trail.slice(0, place + 1), to]);
      go(to);
    },
    first: () => go(undefined),
  };
  return { filters, choose, cursor, pager };
}

function withParameter(search: URLSearchParams, name: string, value: string | undefined): string {
  const changed = new URLSearchParams(search);
  if (value) changed.set(name, value);
  else changed.delete(name);
  const text = changed.toString();
  return text ? `?${text}` : window.location.pathname;
}

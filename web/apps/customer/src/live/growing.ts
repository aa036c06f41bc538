"use client";

import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { whenAway } from "./queries";

/** A list that grows as one scrolls, the newest first. */
export interface Growing<Row> {
  /** Whatever is read again under this key has the list's beginning read again. */
  key: string;
  page: (cursor: string | undefined) => Promise<PageOf<Row>>;
  idOf: (row: Row) => string;
}

interface PageOf<Row> {
  data: Row[];
  next_cursor: string | null;
}

type Pages<Row> = InfiniteData<PageOf<Row>, string | undefined>;

/**
 * The pages of the list so far, and the way to one more.
 *
 * An infinite query that is asked again asks for each of its pages: hundreds, for one purchase more. Here only the
 * beginning is asked for again. What is new goes before the rest, what has changed takes its place; what lies further
 * back stays as it was read until the cache forgets the list, some minutes after it was left.
 */
export function useGrowing<Row>(list: Growing<Row>, everyMilliseconds?: (newest: Row[]) => number | false) {
  const queryKey = ["grown", list.key];
  const beginning = useQuery({
    queryKey: [list.key, "beginning"],
    queryFn: async ({ client }) => {
      const page = await list.page(undefined);
      // a page that is on its way knows nothing of this one: it is asked for again when it is still wanted
      await client.cancelQueries({ queryKey, exact: true });
      client.setQueryData<Pages<Row>>(queryKey, (known) => merged(known, page, list.idOf));
      return page;
    },
    refetchInterval: (query) => whenAway(query) || (everyMilliseconds?.(query.state.data?.data ?? []) ?? false),
  });
  const grown = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => list.page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: false,
  });
  return {
    data: grown.data,
    error: beginning.error ?? grown.error,
    refetch: beginning.refetch,
    hasNextPage: grown.hasNextPage,
    fetchNextPage: grown.fetchNextPage,
    isFetchingNextPage: grown.isFetchingNextPage,
    isFetchNextPageError: grown.isFetchNextPageError,
  };
}

function merged<Row>(known: Pages<Row> | undefined, first: PageOf<Row>, idOf: (row: Row) => string): Pages<Row> {
  const shown = new Set(known?.pages.flatMap((page) => page.data.map(idOf)));
  // with no row in common there may be some between that nobody has read
  if (!known || !first.data.some((row) => shown.has(idOf(row)))) return { pages: [first], pageParams: [undefined] };
  const read = new Map(first.data.map((row) => [idOf(row), row]));
  const added = first.data.filter((row) => !shown.has(idOf(row)));
  const pages = known.pages.map((page, place) => {
    const data = page.data.map((row) => read.get(idOf(row)) ?? row);
    return { ...page, data: place === 0 ? [...added, ...data] : data };
  });
  return { ...known, pages };
}

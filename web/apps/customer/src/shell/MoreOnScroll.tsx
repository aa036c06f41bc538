"use client";

import { ProblemNotice } from "@laurel/ui";
import { Button, Center } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useEffect } from "react";

import { useText } from "@/text";

interface MoreOnScrollProps {
  query: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    error: unknown;
    fetchNextPage: () => unknown;
  };
}

/** The next page of a list: when its end comes into view, or on the button for those who do not scroll. */
export function MoreOnScroll({ query }: MoreOnScrollProps) {
  const text = useText();
  const { ref, entry } = useIntersection({ rootMargin: "400px" });
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const wanted = entry?.isIntersecting && hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (wanted) void fetchNextPage();
  }, [wanted, fetchNextPage]);
  if (!hasNextPage) return null;
  if (isFetchNextPageError) return <ProblemNotice error={query.error} onRetry={() => void fetchNextPage()} />;
  return (
    <Center ref={ref} p="md">
      <Button variant="default" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
        {text.more}
      </Button>
    </Center>
  );
}

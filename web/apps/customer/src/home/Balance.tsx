"use client";

import { ProblemNotice, useFormat } from "@laurel/ui";
import { Box, Paper, SimpleGrid, Skeleton, Text, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { type Points, points } from "@/api";
import { useText } from "@/text";

import styles from "./Balance.module.css";

/** The points that can be spent, large, and those that cannot yet. */
export function Balance() {
  const text = useText().home;
  const format = useFormat();
  const { data, error, refetch } = useQuery(points);
  if (error && !data) return <ProblemNotice error={error} onRetry={() => void refetch()} />;
  return (
    <Paper component="section" className={styles.card} aria-label={text.available}>
      <Text className={styles.label}>{text.available}</Text>
      {data ? (
        <Text key={data.available} className={styles.figure} data-testid="available">
          {format.points(data.available)}
        </Text>
      ) : (
        <Skeleton height={52} width={220} my={6} className={styles.waiting} />
      )}
      <VisuallyHidden aria-live="polite">{data && text.updated(format.points(data.available))}</VisuallyHidden>
      {data && <Others data={data} />}
    </Paper>
  );
}

function Others({ data }: { data: Points }) {
  const text = useText().home;
  const format = useFormat();
  const figures = [
    [text.pending, data.pending],
    [text.held, data.held],
    [text.owed, data.owed],
    [text.lifetime, data.lifetime_earned],
  ] as const;
  const shown = figures.filter(([label, value]) => value !== 0 || label === text.lifetime);
  return (
    <SimpleGrid cols={{ base: 2, xs: Math.max(2, shown.length) }} mt="lg">
      {shown.map(([label, value]) => (
        <Box key={label}>
          <Text className={styles.label} size="sm">
            {label}
          </Text>
          <Text fw={620}>{format.points(value)}</Text>
        </Box>
      ))}
    </SimpleGrid>
  );
}

"use client";

import { useFormat } from "@laurel/ui";
import { Stack, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";

import { type Reward } from "@/api";
import { useText } from "@/text";

import styles from "./Obstacles.module.css";

type Obstacle = Reward["reasons"][number];

/** Every reason why a reward cannot be had now, with the way there. */
export function Obstacles({ reasons }: { reasons: readonly Obstacle[] }) {
  const say = useSaying();
  return (
    <Stack gap={2} className={styles.obstacles}>
      {reasons.map((reason) => (
        <Text key={reason.code} size="sm" className={styles.obstacle}>
          <IconLock size={14} aria-hidden />
          {say(reason)}
        </Text>
      ))}
    </Stack>
  );
}

function useSaying(): (reason: Obstacle) => string {
  const text = useText().rewards;
  const format = useFormat();
  return (reason) => {
    if (reason.points_missing) {
      const missing = text.missing(format.points(reason.points_missing));
      return reason.possible_at ? `${missing}, ${text.possibleAt(format.date(reason.possible_at))}` : missing;
    }
    if (reason.tier_needed) return text.tierNeeded(reason.tier_needed);
    return text.reason[reason.code] ?? reason.detail;
  };
}

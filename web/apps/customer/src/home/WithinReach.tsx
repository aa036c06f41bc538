"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Anchor, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";

import { type Reward, rewards } from "@/api";
import { RewardPicture } from "@/rewards/RewardPicture";
import { useText } from "@/text";

import { Section } from "./Section";
import styles from "./WithinReach.module.css";

const SHOWN = 4;

/** What the points are enough for now; where that is nothing, what comes next. */
export function WithinReach() {
  const text = useText();
  const query = useQuery(rewards);
  return (
    <Section
      title={text.home.within}
      action={
        <Anchor component={Link} href="/rewards" prefetch={false} size="sm">
          {text.all}
        </Anchor>
      }
    >
      <Fetched query={query}>
        {(all) => (
          <SimpleGrid cols={{ base: 1, xs: 4 }} spacing="md">
            {nearest(all).map((reward) => (
              <Tile key={reward.reward_id} reward={reward} />
            ))}
          </SimpleGrid>
        )}
      </Fetched>
    </Section>
  );
}

function Tile({ reward }: { reward: Reward }) {
  const text = useText().rewards;
  const format = useFormat();
  const missing = reward.reasons.find((reason) => reason.points_missing)?.points_missing;
  return (
    <Link href={`/rewards?reward=${reward.reward_id}`} className={styles.tile} prefetch={false}>
      <div className={styles.picture}>
        <RewardPicture reward={reward} />
      </div>
      <div>
        <Text fw={600} size="sm" lineClamp={2}>
          {reward.name}
        </Text>
        <Text size="sm" c="dimmed">
          {missing ? text.missing(format.points(missing)) : format.points(reward.points_cost)}
        </Text>
      </div>
    </Link>
  );
}

function nearest(all: Reward[]): Reward[] {
  const eligible = all.filter((reward) => reward.eligible).reverse();
  const next = all.filter((reward) => !reward.eligible && reward.reasons.every((reason) => reason.points_missing));
  return [...eligible, ...next].slice(0, SHOWN);
}

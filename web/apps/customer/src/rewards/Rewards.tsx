"use client";

import { Empty, Fetched, ReadyButton, useFormat } from "@laurel/ui";
import { Badge, Button, Card, Group, SegmentedControl, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconGift } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";

import { points, type Reward, rewards } from "@/api";
import { Page } from "@/shell/Page";
import { useText } from "@/text";

import { Obstacles } from "./Obstacles";
import styles from "./Rewards.module.css";
import { RewardPicture } from "./RewardPicture";

const loadDialog = () => import("./RedeemDialog").then((module) => module.RedeemDialog);
const RedeemDialog = dynamic(loadDialog, { ssr: false });

type Reach = "all" | "now";

export function Rewards() {
  const text = useText().rewards;
  const format = useFormat();
  const [reach, setReach] = useState<Reach>("all");
  const query = useQuery(rewards);
  const balance = useQuery(points).data;
  const router = useRouter();
  const chosenId = useSearchParams().get("reward");
  const chosen = query.data?.find((reward) => reward.reward_id === chosenId);
  const choose = (id: string | null) => router.push(id ? `/rewards?reward=${id}` : "/rewards", { scroll: false });
  return (
    <Page
      title={text.title}
      detail={text.detail}
      actions={balance && <Badge size="xl">{format.points(balance.available)}</Badge>}
    >
      <SegmentedControl
        aria-label={text.title}
        value={reach}
        onChange={(value) => setReach(value)}
        data={[
          { value: "all", label: text.reach.all },
          { value: "now", label: text.reach.now },
        ]}
        className={styles.reach}
      />
      <Fetched query={query} waiting={<Cards.Waiting />}>
        {(all) => (
          <Cards
            all={all}
            shown={reach === "now" ? all.filter((reward) => reward.eligible) : all}
            onChoose={choose}
            onShowAll={() => setReach("all")}
          />
        )}
      </Fetched>
      {chosen && <RedeemDialog key={chosen.reward_id} reward={chosen} onClose={() => choose(null)} />}
    </Page>
  );
}

interface CardsProps {
  all: Reward[];
  shown: Reward[];
  onChoose: (id: string) => void;
  onShowAll: () => void;
}

const COLUMNS = { base: 1, xs: 2, md: 3, lg: 4 };

function Cards({ all, shown, onChoose, onShowAll }: CardsProps) {
  const text = useText().rewards;
  if (all.length === 0) return <Empty icon={<IconGift size={24} />} title={text.none} detail={text.noneDetail} />;
  if (shown.length === 0) {
    return (
      <Empty
        icon={<IconGift size={24} />}
        title={text.nothingInReach}
        detail={text.nothingInReachDetail}
        action={
          <Button variant="light" onClick={onShowAll}>
            {text.showAll}
          </Button>
        }
      />
    );
  }
  return (
    <SimpleGrid cols={COLUMNS} spacing="md">
      {shown.map((reward) => (
        <RewardCard key={reward.reward_id} reward={reward} onChoose={() => onChoose(reward.reward_id)} />
      ))}
    </SimpleGrid>
  );
}

Cards.Waiting = function Waiting() {
  return (
    <SimpleGrid cols={COLUMNS} spacing="md" role="status">
      {Array.from({ length: 8 }, (_, at) => (
        <Skeleton key={at} height={280} radius="lg" />
      ))}
    </SimpleGrid>
  );
};

/** The dialog is there when the button is pressed. */
const near = () => void loadDialog().catch(() => undefined);

function RewardCard({ reward, onChoose }: { reward: Reward; onChoose: () => void }) {
  const text = useText().rewards;
  const format = useFormat();
  return (
    <Card p="md" className={styles.card} withBorder radius="lg">
      <Card.Section>
        <RewardPicture reward={reward} />
      </Card.Section>
      <Stack gap={4} mt="md" flex={1}>
        <Title order={2} size="h4">
          {reward.name}
        </Title>
        <Text size="sm" c="dimmed" lineClamp={3}>
          {reward.description}
        </Text>
      </Stack>
      <Group justify="space-between" my="sm" gap="xs">
        <Text fw={700}>{format.points(reward.points_cost)}</Text>
        {reward.stock_remaining !== null && (
          <Badge color="gray">{text.left(format.number(reward.stock_remaining))}</Badge>
        )}
      </Group>
      {reward.eligible ? (
        <ReadyButton
          onClick={onChoose}
          onPointerEnter={near}
          onFocus={near}
          aria-label={text.redeemThis(reward.name)}
          fullWidth
        >
          {text.redeem}
        </ReadyButton>
      ) : (
        <Obstacles reasons={reward.reasons} />
      )}
    </Card>
  );
}

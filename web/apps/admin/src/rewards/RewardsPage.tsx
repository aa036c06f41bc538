"use client";

import { type Column, DataList, Empty, type Format, PageHeader, useFormat } from "@laurel/ui";
import { Button, Group, Text } from "@mantine/core";
import { IconGift, IconPlus } from "@tabler/icons-react";
import Link from "next/link";
import { useRouter } from "next/navigation";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { useTierNames } from "@/members/tiers";
import { type Messages, useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { Choice } from "@/parts/Choice";
import { RowLink } from "@/parts/Links";
import { useMay } from "@/session/access";

import { Picture } from "./Picture";

type Reward = Schema<"Reward">;

const ROWS = 50;

export function RewardsPage() {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const may = useMay();
  const tiers = useTierNames();
  const list = useListState(["active"]);
  const chosen = list.filters.active;
  const active = chosen === undefined ? undefined : chosen === "yes";
  const query = useGet("/api/admin/rewards", { query: { active, cursor: list.cursor, limit: ROWS } }, { keep: true });
  const add = may("create_reward") && (
    <Button component={Link} href="/rewards/new" leftSection={<IconPlus size={17} />}>
      {text.rewards.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.rewards.title} app={text.common.app} detail={text.rewards.detail} actions={add} />
      <Group mb="sm">
        <Choice
          label={text.common.status}
          none={text.common.any}
          options={{ yes: text.common.active, no: text.common.inactive }}
          value={chosen}
          onChoose={(one) => list.choose("active", one)}
        />
      </Group>
      <DataList
        label={text.rewards.title}
        query={query}
        columns={columns(text, format, tiers)}
        idOf={(reward) => reward.reward_id}
        pager={list.pager}
        onOpen={(reward) => router.push(`/rewards/${reward.reward_id}`)}
        empty={
          <Empty
            icon={<IconGift size={24} />}
            title={chosen ? text.common.noMatch : text.rewards.none}
            detail={chosen ? text.common.noMatchDetail : text.rewards.noneDetail}
            action={!chosen && add}
          />
        }
      />
    </>
  );
}

function columns(text: Messages, format: Format, tiers: Record<string, string>): Column<Reward>[] {
  return [
    {
      accessor: "name",
      title: text.rewards.one,
      render: (reward) => (
        <Group gap="sm" wrap="nowrap">
          <Picture url={reward.image_url} size={40} />
          <div>
            <RowLink href={`/rewards/${reward.reward_id}`}>{reward.name}</RowLink>
            <Text size="xs" c="dimmed" lineClamp={1} maw={360}>
              {reward.description}
            </Text>
          </div>
        </Group>
      ),
    },
    {
      accessor: "points_cost",
      title: text.rewards.cost,
      textAlign: "right",
      render: ({ points_cost }) => format.points(points_cost),
    },
    {
      accessor: "stock_remaining",
      title: text.rewards.stock,
      textAlign: "right",
      render: ({ stock_remaining: left }) =>
        left === null ? text.common.unlimited : text.rewards.stockLeft(format.number(left)),
    },
    { accessor: "active", title: text.common.status, render: ({ active }) => <ActiveBadge active={active} /> },
    {
      accessor: "minimum_tier_code",
      title: text.rewards.tier,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ minimum_tier_code: code }) => (code ? (tiers[code] ?? code) : text.rewards.anyTier),
    },
  ];
}

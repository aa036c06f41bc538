"use client";

import { PageHeader } from "@laurel/ui";
import { Group } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { Choice } from "@/parts/Choice";

import { RedemptionsTable } from "./RedemptionsTable";

type Status = Schema<"Redemption">["status"];

const REWARDS_OFFERED = 100;

export function RedemptionsPage() {
  const text = useText();
  const { filters, choose } = useListState(["status", "reward"]);
  const rewards = useGet("/api/admin/rewards", { query: { limit: REWARDS_OFFERED } });
  const names = Object.fromEntries((rewards.data?.data ?? []).map(({ reward_id, name }) => [reward_id, name]));
  const { pending, reserved, completed, rejected, cancelled } = text.standing;
  return (
    <>
      <PageHeader title={text.redemptions.title} app={text.common.app} detail={text.redemptions.detail} />
      <Group mb="sm" gap="sm">
        <Choice
          label={text.common.status}
          none={text.common.any}
          options={{ pending, reserved, completed, rejected, cancelled }}
          value={filters.status}
          onChoose={(chosen) => choose("status", chosen)}
        />
        <Choice
          label={text.redemptions.reward}
          none={text.common.any}
          options={names}
          value={filters.reward}
          onChoose={(chosen) => choose("reward", chosen)}
        />
      </Group>
      <RedemptionsTable only={{ status: filters.status as Status | undefined, reward_id: filters.reward }} />
    </>
  );
}

"use client";

import { problemOf } from "@laurel/api-client";
import { Fetched, fieldErrors, PageHeader, ProblemNotice, SubmitButton, useFormat } from "@laurel/ui";
import { Button, Grid, Group, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useRouter } from "next/navigation";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Allowed } from "@/parts/Allowed";
import { ActiveBadge } from "@/parts/Badges";
import { Panel } from "@/parts/Panel";
import { RedemptionsTable } from "@/redemptions/RedemptionsTable";
import { useMay } from "@/session/access";

import { Picture } from "./Picture";
import { changed, type RewardDraft, rewardDraft, rewardOf } from "./draft";
import { RewardForm } from "./RewardForm";
import { StockDialog } from "./StockDialog";
import { Vouchers } from "./Vouchers";

type Reward = Schema<"Reward">;

/** A reward that there is, to look at and change. */
export function RewardPage({ id }: { id: string }) {
  const reward = useGet("/api/admin/rewards/{reward_id}", { path: { reward_id: id } });
  return <Fetched query={reward}>{(reward) => <Editor key={reward.updated_at} reward={reward} />}</Fetched>;
}

export function NewReward() {
  const text = useText().rewards;
  return (
    <Allowed to="create_reward" title={text.add} trail={[{ label: text.title, href: "/rewards" }]}>
      <Editor />
    </Allowed>
  );
}

function Editor({ reward }: { reward?: Reward }) {
  const text = useText();
  const may = useMay();
  const form = useForm<RewardDraft>({ initialValues: rewardDraft(reward) });
  const save = useSave(reward);
  const allowed = may(reward ? "change_reward" : "create_reward");
  const send = (draft: RewardDraft) =>
    save.mutate(draft, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <form onSubmit={form.onSubmit(send)}>
      <PageHeader
        title={reward?.name ?? text.rewards.add}
        app={text.common.app}
        trail={[{ label: text.rewards.title, href: "/rewards" }]}
        status={reward && <ActiveBadge active={reward.active} />}
        actions={
          allowed && (
            <SubmitButton loading={save.isPending} disabled={reward && !form.isDirty()}>
              {reward ? text.common.save : text.rewards.add}
            </SubmitButton>
          )
        }
      />
      <Grid>
        <Grid.Col span={{ base: 12, md: reward ? 7 : 9 }}>
          <Stack>
            {save.isError && <ProblemNotice error={save.error} />}
            <RewardForm form={form} disabled={!allowed} withStock={!reward} />
          </Stack>
        </Grid.Col>
        {reward && (
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Beside reward={reward} />
          </Grid.Col>
        )}
      </Grid>
      {reward && (
        <Stack mt="md">
          <Panel title={text.rewards.redemptions}>
            <RedemptionsTable only={{ reward_id: reward.reward_id }} />
          </Panel>
        </Stack>
      )}
    </form>
  );
}

function Beside({ reward }: { reward: Reward }) {
  const text = useText();
  const format = useFormat();
  const may = useMay();
  const [changing, setChanging] = useState(false);
  const left = reward.stock_remaining;
  return (
    <Stack>
      <Panel
        title={text.rewards.stock}
        actions={
          left !== null &&
          may("change_reward") && (
            <Button size="xs" variant="default" onClick={() => setChanging(true)}>
              {text.rewards.changeStock}
            </Button>
          )
        }
      >
        <Group>
          <Picture url={reward.image_url} size={96} />
          <Text fw={600}>{left === null ? text.common.unlimited : text.rewards.stockLeft(format.number(left))}</Text>
        </Group>
      </Panel>
      {reward.voucher_source === "uploaded" && <Vouchers rewardId={reward.reward_id} />}
      {changing && <StockDialog reward={reward} onClose={() => setChanging(false)} />}
    </Stack>
  );
}

function useSave(reward: Reward | undefined) {
  const text = useText().rewards;
  const router = useRouter();
  return useChange<RewardDraft, Reward>(
    (draft) =>
      reward
        ? api.PATCH("/api/admin/rewards/{reward_id}", {
            params: { path: { reward_id: reward.reward_id } },
            body: changed(draft, reward),
          })
        : api.POST("/api/admin/rewards", { body: rewardOf(draft) }),
    {
      stale: ["/api/admin/rewards"],
      said: () => (reward ? text.saved : text.added),
      onDone: ({ reward_id }) => (reward ? undefined : router.push(`/rewards/${reward_id}`)),
    },
  );
}

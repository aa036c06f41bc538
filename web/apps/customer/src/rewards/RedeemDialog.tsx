"use client";

import { problemOf } from "@laurel/api-client";
import { ProblemNotice, useFormat } from "@laurel/ui";
import { Alert, Button, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconMoodSad } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";

import { newIntention, points, redeem, type Redemption, redemption, type Reward } from "@/api";
import { awaited } from "@/live/outcomes";
import { Voucher } from "@/redemptions/Voucher";
import { useText } from "@/text";

import { RewardPicture } from "./RewardPicture";

const ASK_MS = 2_000;

/** From the question to the outcome: confirm, pending at once, then the voucher or the reason why not. */
export function RedeemDialog({ reward, onClose }: { reward: Reward; onClose: () => void }) {
  const text = useText().rewards;
  const queries = useQueryClient();
  const [intention] = useState(newIntention);
  const asking = useMutation({
    mutationFn: () => redeem(reward.reward_id, intention),
    onSuccess: (pending) => {
      queries.setQueryData(redemption(pending.redemption_id).queryKey, pending);
      void queries.invalidateQueries({ queryKey: ["redemptions"] });
    },
  });
  const id = asking.data?.redemption_id;
  const close = () => {
    if (id && queries.getQueryData(redemption(id).queryKey)?.status === "pending") awaited.add(id);
    onClose();
  };
  return (
    <Modal opened onClose={close} title={id ? reward.name : text.confirmTitle}>
      {id ? (
        <Outcome id={id} onClose={close} />
      ) : asking.isPending ? (
        <Pending />
      ) : (
        <Question reward={reward} error={asking.error} onConfirm={() => asking.mutate()} onClose={close} />
      )}
    </Modal>
  );
}

interface QuestionProps {
  reward: Reward;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

function Question({ reward, error, onConfirm, onClose }: QuestionProps) {
  const text = useText();
  const format = useFormat();
  const balance = useQuery(points).data;
  return (
    <Stack>
      <RewardPicture reward={reward} />
      <div>
        <Text fw={650} fz="lg">
          {reward.name}
        </Text>
        <Text c="dimmed">{reward.description}</Text>
      </div>
      {balance && (
        <Text size="sm">{text.rewards.remaining(format.points(balance.available - reward.points_cost))}</Text>
      )}
      {Boolean(error) && (problemOf(error).status === 401 ? null : <ProblemNotice error={error} />)}
      <Group grow preventGrowOverflow={false}>
        <Button variant="default" onClick={onClose}>
          {text.cancel}
        </Button>
        <Button onClick={onConfirm}>{text.rewards.confirm(format.points(reward.points_cost))}</Button>
      </Group>
    </Stack>
  );
}

function Pending() {
  const text = useText().rewards;
  return (
    <Stack align="center" py="lg" role="status">
      <Loader aria-hidden />
      <Text fw={600}>{text.pending}</Text>
      <Text size="sm" c="dimmed" ta="center">
        {text.pendingDetail}
      </Text>
    </Stack>
  );
}

function Outcome({ id, onClose }: { id: string; onClose: () => void }) {
  const { data } = useQuery({
    ...redemption(id),
    // the outcome is pushed; should the push be lost, it is asked for
    refetchInterval: ({ state }) => (state.data?.status === "pending" ? ASK_MS : false),
  });
  if (data === undefined || data.status === "pending") return <Pending />;
  return <Decided redemption={data} onClose={onClose} />;
}

function Decided({ redemption: decided, onClose }: { redemption: Redemption; onClose: () => void }) {
  const text = useText();
  const done = decided.status === "completed" || decided.status === "reserved";
  return (
    <Stack role="status">
      {done ? (
        <Alert color="laurel" icon={<IconCircleCheck size={20} />} title={text.rewards.done}>
          {decided.voucher_code && text.rewards.doneDetail}
        </Alert>
      ) : (
        <Alert color="amber" icon={<IconMoodSad size={20} />} title={text.rewards.rejected}>
          <Text size="sm" fw={600}>
            {decided.reason && text.rewards.reason[decided.reason]}
          </Text>
          <Text size="sm">{text.rewards.rejectedDetail}</Text>
        </Alert>
      )}
      {decided.voucher_code && <Voucher code={decided.voucher_code} />}
      <Group grow preventGrowOverflow={false}>
        <Button variant="default" onClick={onClose}>
          {text.close}
        </Button>
        <Button component={Link} href="/redemptions">
          {text.rewards.toMine}
        </Button>
      </Group>
    </Stack>
  );
}

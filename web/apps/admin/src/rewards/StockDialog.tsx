"use client";

import { NumberInput, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";

/** Adds to a reward's stock or takes from it. */
export function StockDialog({ reward, onClose }: { reward: Schema<"Reward">; onClose: () => void }) {
  const text = useText().rewards;
  const [by, setBy] = useState<number | string>("");
  const change = useChange(
    (body: Schema<"RewardPatch">) =>
      api.PATCH("/api/admin/rewards/{reward_id}", { params: { path: { reward_id: reward.reward_id } }, body }),
    { stale: ["/api/admin/rewards"], said: () => text.saved, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.changeStock}
      confirm={text.changeStock}
      change={change}
      onConfirm={() => by !== "" && change.mutate({ stock_change: Number(by) })}
    >
      <Stack gap="xs">
        <Text size="sm">{text.changeStockDetail}</Text>
        <NumberInput label={text.stockBy} allowDecimal={false} value={by} onChange={setBy} />
      </Stack>
    </ConfirmDialog>
  );
}

"use client";

import { useFormat } from "@laurel/ui";
import { Checkbox, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ReasonDialog } from "@/parts/ReasonDialog";

type Transaction = Schema<"TransactionWithReceipt">;

/** Gives back an amount of a purchase, or articles of its basket. */
export function RefundDialog({ transaction, onClose }: { transaction: Transaction; onClose: () => void }) {
  const text = useText().transactions;
  const format = useFormat();
  const { transaction_id, amount, refunded_amount, currency, items } = transaction;
  const left = (Number(amount) - Number(refunded_amount)).toFixed(2);
  const [by, setBy] = useState<"amount" | "items">("amount");
  const [typed, setTyped] = useState(left);
  const [skus, setSkus] = useState<string[]>([]);
  const refund = useChange(
    (body: Schema<"NewRefund">, key) =>
      api.POST("/api/admin/transactions/{transaction_id}/refunds", {
        params: { path: { transaction_id }, header: { "Idempotency-Key": key } },
        body,
      }),
    { stale: ["/api/admin/transactions", "/api/admin/members"], said: () => text.refundDone, onDone: onClose },
  );
  const send = (reason: string) =>
    refund.mutate(
      by === "amount" ? { amount: typed.replace(",", "."), reason } : { items: skus.map((sku) => ({ sku })), reason },
    );
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={text.refundTitle}
      detail={`${text.refundDetail} ${text.refundLeft(format.money(left, currency))}.`}
      confirm={text.refund}
      change={refund}
      onConfirm={send}
    >
      {items.length > 0 && (
        <SegmentedControl
          aria-label={text.refundBy}
          data={[
            { value: "amount", label: text.refundByAmount },
            { value: "items", label: text.refundByItems },
          ]}
          value={by}
          onChange={(chosen) => setBy(chosen)}
        />
      )}
      {by === "amount" ? (
        <TextInput
          label={text.refundAmount(currency)}
          inputMode="decimal"
          required
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      ) : (
        <Checkbox.Group label={text.refundItems} value={skus} onChange={setSkus}>
          <Stack gap={6} mt={6}>
            {items.map((item, place) => (
              <Checkbox
                key={`${item.sku} ${place}`}
                value={item.sku}
                label={`${item.sku} · ${item.category ?? ""} · ${format.money(item.amount, currency)}`}
              />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
    </ReasonDialog>
  );
}

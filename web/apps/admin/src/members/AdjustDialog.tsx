"use client";

import { useFormat } from "@laurel/ui";
import { NumberInput } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ReasonDialog } from "@/parts/ReasonDialog";

/** Points given or taken by hand, with the reason. */
export function AdjustDialog({ member, onClose }: { member: Schema<"Member">; onClose: () => void }) {
  const text = useText().members;
  const format = useFormat();
  const [points, setPoints] = useState<number | string>("");
  const adjust = useChange(
    (body: Schema<"NewAdjustment">, key) =>
      api.POST("/api/admin/members/{member_id}/adjustments", {
        params: { path: { member_id: member.member_id }, header: { "Idempotency-Key": key } },
        body,
      }),
    {
      stale: ["/api/admin/members"],
      said: ({ available_after }) => text.adjusted(format.points(available_after)),
      onDone: onClose,
    },
  );
  const known = typeof points === "number" && points !== 0;
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={text.adjustTitle}
      detail={text.adjustDetail}
      confirm={text.adjust}
      change={adjust}
      onConfirm={(reason) => known && adjust.mutate({ points, reason })}
    >
      <NumberInput
        label={text.adjustPoints}
        description={known ? text.adjustAfter(format.points(member.points.available + points)) : " "}
        value={points}
        onChange={setPoints}
        allowDecimal={false}
        thousandSeparator
        required
        data-autofocus
      />
    </ReasonDialog>
  );
}

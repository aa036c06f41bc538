"use client";

import { useFormat } from "@laurel/ui";
import { SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";
import { ReasonDialog } from "@/parts/ReasonDialog";

interface DialogProps {
  redemption: Schema<"Redemption">;
  onClose: () => void;
}

type Stock = "return" | "write_off";

const pathOf = ({ redemption_id }: Schema<"Redemption">) => ({ path: { redemption_id } });
const stale: ["/api/admin/redemptions", "/api/admin/members"] = ["/api/admin/redemptions", "/api/admin/members"];

/** Undoes a redemption; its points go back in any case. */
export function CancelDialog({ redemption, onClose }: DialogProps) {
  const text = useText().redemptions;
  const format = useFormat();
  const [stock, setStock] = useState<Stock>("return");
  const cancel = useChange(
    (body: Schema<"Cancellation">, key) =>
      api.POST("/api/admin/redemptions/{redemption_id}/cancel", {
        params: { ...pathOf(redemption), header: { "Idempotency-Key": key } },
        body,
      }),
    { stale, said: () => text.cancelled, onDone: onClose },
  );
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={text.cancelTitle}
      detail={`${redemption.reward_name}. ${text.cancelDetail(format.points(redemption.points_cost))}`}
      confirm={text.cancelTitle.replace("?", "")}
      change={cancel}
      onConfirm={(reason) => cancel.mutate({ reason, stock })}
      grave
    >
      <SegmentedControl
        aria-label={text.cancelStock}
        data={[
          { value: "return", label: `${text.cancelStock} ${text.stockReturn}` },
          { value: "write_off", label: `${text.cancelStock} ${text.stockWriteOff}` },
        ]}
        orientation="vertical"
        value={stock}
        onChange={(chosen) => setStock(chosen)}
      />
    </ReasonDialog>
  );
}

/** The partner of a reserved reward has delivered. */
export function ConfirmReservation({ redemption, onClose }: DialogProps) {
  const text = useText().redemptions;
  const [code, setCode] = useState("");
  const confirm = useChange(
    (body: Schema<"Confirmation">, key) =>
      api.POST("/api/admin/redemptions/{redemption_id}/confirm", {
        params: { ...pathOf(redemption), header: { "Idempotency-Key": key } },
        body,
      }),
    { stale, said: () => text.confirmed, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.confirmTitle}
      confirm={text.confirm}
      change={confirm}
      onConfirm={() => confirm.mutate({ voucher_code: code || null })}
    >
      {text.confirmDetail}
      <TextInput
        mt="sm"
        label={text.confirmCode}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
    </ConfirmDialog>
  );
}

/** The partner of a reserved reward cannot deliver. */
export function ReleaseDialog({ redemption, onClose }: DialogProps) {
  const text = useText().redemptions;
  const release = useChange(
    (body: Schema<"Release">, key) =>
      api.POST("/api/admin/redemptions/{redemption_id}/release", {
        params: { ...pathOf(redemption), header: { "Idempotency-Key": key } },
        body,
      }),
    { stale, said: () => text.released, onDone: onClose },
  );
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={text.releaseTitle}
      detail={text.releaseDetail}
      confirm={text.release}
      change={release}
      onConfirm={(reason) => release.mutate({ reason })}
    />
  );
}

"use client";

import { Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { useText } from "@/messages";

import { FormDialog } from "./FormDialog";

interface ReasonDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen. */
  detail: ReactNode;
  confirm: string;
  /** As much of a mutation as is shown. */
  change: { isPending: boolean; error: unknown };
  onConfirm: (reason: string) => void;
  /** Whether it can be undone: what cannot is confirmed in red. */
  grave?: boolean;
  children?: ReactNode;
}

/** Confirms a change that the audit log keeps a reason for. */
export function ReasonDialog({ detail, confirm, onConfirm, children, ...dialog }: ReasonDialogProps) {
  const text = useText().common;
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      {...dialog}
      submit={confirm}
      disabled={reason.trim() === ""}
      onSubmit={(event) => {
        event.preventDefault();
        onConfirm(reason.trim());
      }}
    >
      <Text size="sm" component="div">
        {detail}
      </Text>
      {children}
      <Textarea
        label={text.reason}
        description={text.reasonHint}
        required
        maxLength={500}
        autosize
        minRows={2}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

"use client";

import { ProblemNotice } from "@laurel/ui";
import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { useText } from "@/messages";

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
export function ReasonDialog(props: ReasonDialogProps) {
  const text = useText().common;
  const [reason, setReason] = useState("");
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onConfirm(reason.trim());
        }}
      >
        <Stack>
          {props.change.error ? <ProblemNotice error={props.change.error} /> : null}
          <Text size="sm" component="div">
            {props.detail}
          </Text>
          {props.children}
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
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {text.cancel}
            </Button>
            <Button
              type="submit"
              color={props.grave ? "rose" : "laurel"}
              loading={props.change.isPending}
              disabled={reason.trim() === ""}
            >
              {props.confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

"use client";

import { ProblemNotice } from "@laurel/ui";
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { useText } from "@/messages";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen. */
  children: ReactNode;
  confirm: string;
  /** As much of a mutation as is shown. */
  change: { isPending: boolean; error: unknown };
  onConfirm: () => void;
  grave?: boolean;
  size?: string;
}

/** Says what will happen, and does it when that is confirmed. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const text = useText().common;
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size={props.size}>
      <Stack>
        {props.change.error ? <ProblemNotice error={props.change.error} /> : null}
        <Text size="sm" component="div">
          {props.children}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose} data-autofocus>
            {text.cancel}
          </Button>
          <Button color={props.grave ? "rose" : "laurel"} loading={props.change.isPending} onClick={props.onConfirm}>
            {props.confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

"use client";

import { ProblemNotice, SubmitButton } from "@laurel/ui";
import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";

import { useText } from "@/messages";

interface FormDialogProps {
  opened?: boolean;
  onClose: () => void;
  title: string;
  submit: string;
  /** As much of a mutation as is shown. */
  change: { isPending: boolean; error: unknown };
  onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  /** Not enough has been filled in. */
  disabled?: boolean;
  /** What cannot be undone is confirmed in red. */
  grave?: boolean;
  children: ReactNode;
}

/** Fields to fill in, what is wrong with them, and the way back. */
export function FormDialog(props: FormDialogProps) {
  const text = useText().common;
  const { change } = props;
  return (
    <Modal opened={props.opened ?? true} onClose={props.onClose} title={props.title}>
      <form onSubmit={props.onSubmit}>
        <Stack>
          {change.error ? <ProblemNotice error={change.error} /> : null}
          {props.children}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {text.cancel}
            </Button>
            <SubmitButton color={props.grave ? "rose" : "laurel"} loading={change.isPending} disabled={props.disabled}>
              {props.submit}
            </SubmitButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

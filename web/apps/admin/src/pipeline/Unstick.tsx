"use client";

import { Button, Group } from "@mantine/core";
import { useState } from "react";

import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";

type Change = Parameters<typeof useChange<undefined, unknown>>;

interface Way {
  label: string;
  send: Change[0];
  /** What to say when it is done. */
  said: string;
}

interface UnstickProps {
  again: Way;
  skip: Way & { title: string; detail: string };
  stale: Change[1]["stale"];
}

/** Two ways on for what is stuck: try it again, or leave it for good once that is confirmed. */
export function Unstick({ again, skip, stale }: UnstickProps) {
  const text = useText().common;
  const [skipping, setSkipping] = useState(false);
  const retry = useChange<undefined, unknown>(again.send, { stale, said: () => again.said });
  const leave = useChange<undefined, unknown>(skip.send, {
    stale,
    said: () => skip.said,
    onDone: () => setSkipping(false),
  });
  return (
    <Group
      gap="xs"
      wrap="nowrap"
      role="group"
      aria-label={text.actions}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
        {again.label}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => setSkipping(true)}>
        {skip.label}
      </Button>
      <ConfirmDialog
        opened={skipping}
        onClose={() => setSkipping(false)}
        title={skip.title}
        confirm={skip.label}
        change={leave}
        onConfirm={() => leave.mutate(undefined)}
        grave
      >
        {skip.detail}
      </ConfirmDialog>
    </Group>
  );
}

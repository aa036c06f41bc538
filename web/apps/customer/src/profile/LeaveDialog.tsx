"use client";

import { unwrap } from "@laurel/api-client";
import { ProblemNotice, SubmitButton, useFormat } from "@laurel/ui";
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type SubmitEvent } from "react";

import { client, points } from "@/api";
import { signOut } from "@/shell/signingOut";
import { Secret } from "@/shell/Secret";
import { useText } from "@/text";

export function LeaveDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const format = useFormat();
  const balance = useQuery(points).data;
  const leave = useMutation({
    mutationFn: (password: string) => unwrap(client.DELETE("/api/customer/profile", { body: { password } })),
    onSuccess: signOut,
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    leave.mutate(new FormData(event.currentTarget).get("password") as string);
  };
  return (
    <Modal opened onClose={onClose} title={text.profile.leaveTitle}>
      <form onSubmit={submit}>
        <Stack>
          <Alert color="rose">{text.profile.leaveDetail}</Alert>
          {balance && balance.available > 0 && (
            <Text fw={600}>{text.profile.leaveLoses(format.points(balance.available))}</Text>
          )}
          <Secret
            label={text.profile.leavePassword}
            name="password"
            autoComplete="current-password"
            required
            data-autofocus
          />
          {leave.error && <ProblemNotice error={leave.error} />}
          <Group grow preventGrowOverflow={false}>
            <Button variant="default" onClick={onClose}>
              {text.cancel}
            </Button>
            <SubmitButton color="rose" loading={leave.isPending}>
              {text.profile.leaveConfirm}
            </SubmitButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

"use client";

import { ProblemNotice, useFormat } from "@laurel/ui";
import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";

type Why = Schema<"NewErasure">["reason"];

/** Erases a member once the word has been typed: nothing brings the data back. */
export function EraseDialog({ member, onClose }: { member: Schema<"Member">; onClose: () => void }) {
  const text = useText();
  const { members } = text;
  const format = useFormat();
  const [why, setWhy] = useState<Why>("member_asked");
  const [typed, setTyped] = useState("");
  const erase = useChange(
    (reason: Why, key) =>
      api.POST("/api/admin/members/{member_id}/erasure", {
        params: { path: { member_id: member.member_id }, header: { "Idempotency-Key": key } },
        body: { reason },
      }),
    {
      stale: ["/api/admin/members"],
      said: ({ points_forfeited }) => members.erased(format.points(points_forfeited)),
      onDone: onClose,
    },
  );
  return (
    <Modal opened onClose={onClose} title={members.eraseTitle}>
      <Stack>
        {erase.isError && <ProblemNotice error={erase.error} />}
        <Text size="sm">{members.eraseDetail}</Text>
        <Select
          label={members.eraseReason}
          data={Object.entries(members.eraseReasons).map(([value, label]) => ({ value, label }))}
          value={why}
          onChange={(chosen) => chosen && setWhy(chosen as Why)}
          allowDeselect={false}
        />
        <TextInput
          label={members.eraseType(members.eraseWord)}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {text.common.cancel}
          </Button>
          <Button
            color="rose"
            loading={erase.isPending}
            disabled={typed !== members.eraseWord}
            onClick={() => erase.mutate(why)}
          >
            {members.eraseConfirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

"use client";

import { Copyable, Fetched, Moment, useFormat } from "@laurel/ui";
import { Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";

import { useTierNames } from "./tiers";

type Member = Schema<"Member">;

export function Profile({ member }: { member: Member }) {
  const text = useText();
  const format = useFormat();
  const tiers = useTierNames();
  return (
    <Stack>
      <Panel title={text.members.profile}>
        <Facts
          facts={[
            [text.members.memberId, <Copyable key="id" value={member.member_id} />],
            [text.members.externalId, member.external_id ?? "–"],
            [text.members.email, member.email ?? "–"],
            [text.members.birthDate, member.birth_date ? format.dayOfYear(member.birth_date) : "–"],
            [text.members.tier, tiers[member.tier_code] ?? member.tier_code],
            [text.members.joined, <Moment key="joined" at={member.created_at} />],
          ]}
        />
      </Panel>
      <BalanceAtMoment memberId={member.member_id} />
    </Stack>
  );
}

function BalanceAtMoment({ memberId }: { memberId: string }) {
  const text = useText().members;
  const format = useFormat();
  const [chosen, setChosen] = useState("");
  const at = chosen ? new Date(chosen).toISOString() : "";
  const balance = useGet(
    "/api/admin/members/{member_id}/balance",
    { path: { member_id: memberId }, query: { at } },
    { enabled: at !== "", keep: true },
  );
  return (
    <Panel title={text.balanceAt} detail={text.balanceAtDetail}>
      <Group align="flex-end">
        <TextInput
          type="datetime-local"
          label={text.balanceAtMoment}
          value={chosen}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        {at !== "" && (
          <Fetched query={balance}>
            {({ available, pending, held, entries }) => (
              <Text size="sm">
                {text.available}: <b>{format.points(available)}</b> · {text.pending}: {format.points(pending)} ·{" "}
                {text.held}: {format.points(held)} · {text.entries(format.number(entries))}
              </Text>
            )}
          </Fetched>
        )}
      </Group>
    </Panel>
  );
}

"use client";

import { PageHeader, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Group, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useRouter } from "next/navigation";
import { useState } from "react";

import { api } from "@/api/client";
import { get, useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Allowed } from "@/parts/Allowed";
import { Panel } from "@/parts/Panel";
import { activeDefinitions } from "@/rules/active";
import { fromLocal } from "@/rules/draft";

const RULES_OFFERED = 100;

interface Wanted {
  rule: string | null;
  from: string;
  to: string;
}

/** Asks for a replay: the rules in force, one of them in its latest version, over the purchases of a time. */
export function NewReplayPage({ rule }: { rule: string | undefined }) {
  const text = useText().replays;
  return (
    <Allowed to="request_replay" title={text.newTitle} trail={[{ label: text.title, href: "/replays" }]}>
      <NewReplay rule={rule} />
    </Allowed>
  );
}

function NewReplay({ rule }: { rule: string | undefined }) {
  const text = useText();
  const router = useRouter();
  const [wanted, setWanted] = useState<Wanted>({ rule: rule ?? null, from: "", to: "" });
  const rules = useGet("/api/admin/earning-rules", { query: { limit: RULES_OFFERED } });
  const request = useChange((given: Wanted) => begin(given), {
    stale: ["/api/admin/earning-rules/replays"],
    said: () => text.replays.started,
    onDone: ({ replay_id }) => router.push(`/replays/${replay_id}`),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        request.mutate(wanted);
      }}
    >
      <PageHeader
        title={text.replays.newTitle}
        app={text.common.app}
        detail={text.replays.newDetail}
        trail={[{ label: text.replays.title, href: "/replays" }]}
      />
      <Stack maw={640}>
        {request.isError && <ProblemNotice error={request.error} />}
        <Panel title={text.replays.rules}>
          <Select
            label={text.replays.rule}
            placeholder={text.replays.ruleNone}
            data={(rules.data?.data ?? []).map(({ rule_id, name }) => ({ value: rule_id, label: name }))}
            value={wanted.rule}
            onChange={(chosen) => setWanted({ ...wanted, rule: chosen })}
            clearable
            searchable
          />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput
              type="datetime-local"
              label={text.replays.from}
              value={wanted.from}
              onChange={(event) => setWanted({ ...wanted, from: event.currentTarget.value })}
            />
            <TextInput
              type="datetime-local"
              label={text.replays.to}
              value={wanted.to}
              onChange={(event) => setWanted({ ...wanted, to: event.currentTarget.value })}
            />
          </SimpleGrid>
          <Text size="xs" c="dimmed">
            {text.replays.rangeHint}
          </Text>
          <Group justify="flex-end">
            <SubmitButton loading={request.isPending}>{text.replays.start}</SubmitButton>
          </Group>
        </Panel>
      </Stack>
    </form>
  );
}

async function begin({ rule, from, to }: Wanted) {
  const others = await activeDefinitions(rule ?? undefined);
  const known = rule ? await get("/api/admin/earning-rules/{rule_id}", { path: { rule_id: rule } }) : null;
  const drafted = known?.versions.slice(0, 1).map(({ definition }) => definition) ?? [];
  return api.POST("/api/admin/earning-rules/replays", {
    body: { rules: [...others, ...drafted], from: fromLocal(from), to: fromLocal(to) },
  });
}

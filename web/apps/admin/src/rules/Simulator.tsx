"use client";

import { ProblemNotice, useFormat } from "@laurel/ui";
import { Divider, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { unwrap } from "@laurel/api-client";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";
import { Receipt } from "@/transactions/Receipt";

import { activeDefinitions } from "./active";
import { fromLocal, isComplete, type NewDefinition } from "./draft";
import { useReader } from "./useReader";

interface SimulatorProps {
  draft: NewDefinition;
  /** The rule that the draft would be a version of: its version in force does not count beside it. */
  ruleId?: string;
}

const PAUSE_MILLISECONDS = 300;

/** What a purchase would earn today, and with the draft: reckoned while one types. */
export function Simulator({ draft, ruleId }: SimulatorProps) {
  const text = useText().rules.simulator;
  const { currency } = useReader();
  const [amount, setAmount] = useState("50.00");
  const [category, setCategory] = useState("");
  const [when, setWhen] = useState("");
  const [member, setMember] = useState("");
  const purchase: Schema<"SimulatedPurchase"> = {
    amount: amount.trim().replace(",", "."),
    currency,
    items: category ? [{ sku: "article", category, quantity: 1, amount: amount.trim().replace(",", ".") }] : [],
    member_id: member.trim() || null,
    occurred_at: fromLocal(when),
  };
  return (
    <Panel title={text.title} detail={text.detail}>
      <SimpleGrid cols={2}>
        <TextInput
          label={text.amount(currency)}
          inputMode="decimal"
          value={amount}
          onChange={(event) => setAmount(event.currentTarget.value)}
        />
        <TextInput
          label={text.category}
          placeholder={text.categoryHint}
          value={category}
          onChange={(event) => setCategory(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label={text.when}
          value={when}
          onChange={(event) => setWhen(event.currentTarget.value)}
        />
        <TextInput
          label={text.member}
          placeholder={text.memberHint}
          value={member}
          onChange={(event) => setMember(event.currentTarget.value)}
        />
      </SimpleGrid>
      <Outcome purchase={purchase} draft={draft} ruleId={ruleId} />
    </Panel>
  );
}

function Outcome({ purchase, draft, ruleId }: SimulatorProps & { purchase: Schema<"SimulatedPurchase"> }) {
  const text = useText().rules.simulator;
  const format = useFormat();
  const [asked] = useDebouncedValue(JSON.stringify({ purchase, draft }), PAUSE_MILLISECONDS);
  const answer = useQuery({
    queryKey: ["simulation", ruleId, asked],
    queryFn: () => simulate(JSON.parse(asked) as Asked, ruleId),
    enabled: isComplete(draft) && isComplete((JSON.parse(asked) as Asked).draft),
    placeholderData: (before) => before,
    retry: false,
  });
  if (!isComplete(draft)) {
    return (
      <Text size="sm" c="dimmed">
        {text.waiting}
      </Text>
    );
  }
  if (answer.error) return <ProblemNotice error={answer.error} />;
  if (!answer.data) return null;
  return (
    <Stack gap="xs" aria-live="polite">
      <Group grow>
        <Text size="sm">
          {text.today}
          <br />
          <b>{format.points(answer.data.today.points)}</b>
        </Text>
        <Text size="sm">
          {text.withDraft}
          <br />
          <b>{format.points(answer.data.withDraft.points)}</b>
        </Text>
      </Group>
      <Divider label={text.why} labelPosition="left" />
      <Receipt steps={answer.data.withDraft.receipt} linked={false} />
    </Stack>
  );
}

interface Asked {
  purchase: Schema<"SimulatedPurchase">;
  draft: NewDefinition;
}

async function simulate({ purchase, draft }: Asked, ruleId: string | undefined) {
  const others = await activeDefinitions(ruleId);
  const ask = (rules: NewDefinition[] | null) =>
    unwrap(api.POST("/api/admin/earning-rules/simulate", { body: { transaction: purchase, rules } }));
  const [today, withDraft] = await Promise.all([ask(null), ask([...others, draft])]);
  return { today, withDraft };
}

"use client";

import { ActionIcon, Button, Group, MultiSelect, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import { useGet } from "@/api/queries";
import { type Messages, useText } from "@/messages";

import { type DraftCondition, isTruth, takesSeveral } from "./draft";
import type { Condition } from "./reading";
import type { RuleFormState } from "./RuleForm";
import { useReader } from "./useReader";

type Op = Condition["op"];

const equal: Op[] = ["eq", "ne"];
const several: Op[] = ["in", "not_in"];
const compared: Op[] = ["gte", "lte"];
const ops: Record<string, Op[]> = {
  amount: [...compared, ...equal],
  scope_amount: [...compared, ...equal],
  merchant_id: several,
  tier: several,
  currency: several,
  weekday: several,
  hour: [...compared, ...equal],
  first_purchase: equal,
  birthday: equal,
  birthday_month: equal,
  purchase_number: [...equal, ...compared, "multiple_of"],
  member_age_days: [...compared, ...equal],
};
const ofPurchases = ["amount", "scope_amount", "currency", "first_purchase", "purchase_number"];

/** The conditions of a rule, one a row. */
export function Conditions({ form }: { form: RuleFormState }) {
  const text = useText().rules;
  const { conditions } = form.values;
  const add = () =>
    form.insertListItem("conditions", { key: String(Math.random()), field: "amount", op: "gte", value: "" });
  return (
    <Stack gap="sm">
      {conditions.map((condition, place) => (
        <Row key={condition.key} form={form} place={place} condition={condition} />
      ))}
      <Group>
        <Button variant="default" size="xs" leftSection={<IconPlus size={15} />} onClick={add}>
          {text.addCondition}
        </Button>
      </Group>
    </Stack>
  );
}

interface RowProps {
  form: RuleFormState;
  place: number;
  condition: DraftCondition;
}

function Row({ form, place, condition }: RowProps) {
  const text = useText().rules;
  const fields = useFields(form);
  const offered = ops[condition.field] ?? [...equal, ...compared, ...several];
  const choose = (field: string) => {
    const [op = "eq"] = ops[field] ?? ["eq" as const];
    const value = isTruth(field) ? "true" : takesSeveral(op) ? [] : "";
    form.setFieldValue(`conditions.${place}`, { key: condition.key, field, op, value });
  };
  const chooseOp = (op: Op) => {
    const kept = typeof condition.value === "string" ? condition.value : (condition.value[0] ?? "");
    form.setFieldValue(`conditions.${place}`, {
      ...condition,
      op,
      value: takesSeveral(op) ? [condition.value].flat().filter(Boolean) : kept,
    });
  };
  return (
    <Group align="flex-end" gap="xs">
      <Select
        label={text.field}
        data={fields}
        value={condition.field}
        onChange={(field) => field && choose(field)}
        allowDeselect={false}
        flex="2 1 11rem"
      />
      <Select
        label={text.op}
        data={offered.map((op) => ({ value: op, label: text.ops[op] }))}
        value={condition.op}
        onChange={(op) => op && chooseOp(op)}
        allowDeselect={false}
        flex="1 1 8rem"
      />
      <Value form={form} place={place} condition={condition} />
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={text.removeCondition}
        onClick={() => form.removeListItem("conditions", place)}
      >
        <IconTrash size={17} />
      </ActionIcon>
    </Group>
  );
}

function Value({ form, place, condition }: RowProps) {
  const text = useText();
  const options = useOptions(condition.field, text);
  const common = {
    label: text.rules.value,
    flex: "2 1 10rem",
    error: form.errors[`conditions.${place}.value`],
  };
  const change = (value: string | string[]) => form.setFieldValue(`conditions.${place}.value`, value);
  const { value } = condition;
  if (Array.isArray(value)) {
    return options ? (
      <MultiSelect {...common} data={options} value={value} onChange={change} />
    ) : (
      <TagsInput {...common} value={value} onChange={change} />
    );
  }
  return options ? (
    <Select {...common} data={options} value={value} onChange={(one) => change(one ?? "")} allowDeselect={false} />
  ) : (
    <TextInput {...common} required value={value} onChange={(event) => change(event.currentTarget.value)} />
  );
}

/** What a condition may ask about: of purchases, or of the events of a type. */
function useFields(form: RuleFormState) {
  const text = useText().rules;
  const types = useGet("/api/admin/event-types");
  const all = Object.entries(text.fields).map(([value, label]) => ({ value, label }));
  if (form.values.trigger === "transaction.recorded") return all;
  const type = types.data?.data.find(({ code }) => code === form.values.event_type);
  const own = (type?.fields ?? []).map(({ name }) => ({ value: `fields.${name}`, label: name }));
  return [...own, ...all.filter(({ value }) => !ofPurchases.includes(value))];
}

function useOptions(field: string, text: Messages) {
  const { tiers, merchants } = useReader();
  const named = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));
  if (isTruth(field)) return named({ true: text.common.yes, false: text.common.no });
  switch (field) {
    case "weekday":
      return text.rules.weekdays.map((label, place) => ({ value: String(place + 1), label }));
    case "tier":
      return named(tiers);
    case "merchant_id":
      return named(merchants);
    default:
      return null;
  }
}

"use client";

import {
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  TextInput,
  useMatches,
} from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";

import { Conditions } from "./Conditions";
import type { Draft } from "./draft";
import { useReader } from "./useReader";

export type RuleFormState = UseFormReturnType<Draft>;

/** The form of a rule: what it gives, of what, on which conditions, when, with which limits. */
export function RuleForm({ form }: { form: RuleFormState }) {
  const text = useText().rules;
  const forEvents = form.values.trigger === "event.recorded";
  return (
    <Stack>
      <Panel title={text.name}>
        <TextInput
          aria-label={text.name}
          description={text.nameHint}
          required
          maxLength={200}
          {...form.getInputProps("name")}
        />
        <Trigger form={form} />
      </Panel>
      <Panel title={text.effect}>
        <Effect form={form} />
      </Panel>
      {!forEvents && form.values.effect !== "multiplier" && (
        <Panel title={text.scope}>
          <Scope form={form} />
        </Panel>
      )}
      <Panel title={text.conditions} detail={text.conditionsHint}>
        <Conditions form={form} />
      </Panel>
      <Panel title={text.limits}>
        <Limits form={form} />
      </Panel>
      <Panel title={text.window} detail={text.windowHint}>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput type="datetime-local" label={text.from} {...form.getInputProps("starts_at")} />
          <TextInput type="datetime-local" label={text.until} {...form.getInputProps("ends_at")} />
        </SimpleGrid>
      </Panel>
      <Panel title={text.together}>
        <Switch
          label={text.stackable}
          description={text.stackableHint}
          {...form.getInputProps("stackable", { type: "checkbox" })}
        />
        <NumberInput label={text.priority} allowDecimal={false} maw={200} {...form.getInputProps("priority")} />
      </Panel>
    </Stack>
  );
}

function Trigger({ form }: { form: RuleFormState }) {
  const text = useText().rules;
  const types = useGet("/api/admin/event-types");
  const known = types.data?.data ?? [];
  if (known.length === 0 && form.values.trigger === "transaction.recorded") return null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <Select
        label={text.trigger}
        data={Object.entries(text.triggers).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...form.getInputProps("trigger")}
      />
      {form.values.trigger === "event.recorded" && (
        <Select
          label={text.eventType}
          data={known.map(({ code, name }) => ({ value: code, label: `${name} (${code})` }))}
          required
          {...form.getInputProps("event_type")}
        />
      )}
    </SimpleGrid>
  );
}

/** Three long choices beside each other need more room than a phone has. */
const SEGMENTS = { base: "vertical", xs: "horizontal" } as const;

function Effect({ form }: { form: RuleFormState }) {
  const text = useText().rules;
  const { currency } = useReader();
  const { effect } = form.values;
  const orientation = useMatches(SEGMENTS);
  return (
    <>
      <SegmentedControl
        orientation={orientation}
        aria-label={text.effect}
        data={Object.entries(text.effects).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps("effect")}
      />
      {effect === "points_per_amount" && (
        <SimpleGrid cols={2}>
          <TextInput label={text.points} inputMode="decimal" required {...form.getInputProps("points")} />
          <TextInput label={text.per(currency)} inputMode="decimal" required {...form.getInputProps("per")} />
        </SimpleGrid>
      )}
      {effect === "fixed" && (
        <NumberInput
          label={text.points}
          allowDecimal={false}
          min={1}
          required
          maw={240}
          {...form.getInputProps("fixed_points")}
        />
      )}
      {effect === "multiplier" && (
        <TextInput label={text.factor} inputMode="decimal" required maw={240} {...form.getInputProps("factor")} />
      )}
    </>
  );
}

function Scope({ form }: { form: RuleFormState }) {
  const text = useText().rules;
  const { scope } = form.values;
  const orientation = useMatches(SEGMENTS);
  return (
    <>
      <SegmentedControl
        orientation={orientation}
        aria-label={text.scope}
        data={Object.entries(text.scopes).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps("scope")}
      />
      {scope !== "order" && (
        <TagsInput
          label={scope === "category" ? text.categories : text.skus}
          description={text.tagsHint}
          required
          {...form.getInputProps("values")}
        />
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TagsInput
          label={text.exceptCategories}
          description={text.tagsHint}
          {...form.getInputProps("except_categories")}
        />
        <TagsInput label={text.exceptSkus} description={text.tagsHint} {...form.getInputProps("except_skus")} />
      </SimpleGrid>
    </>
  );
}

function Limits({ form }: { form: RuleFormState }) {
  const text = useText();
  const points = { allowDecimal: false, min: 1, thousandSeparator: true, placeholder: text.rules.noLimit };
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NumberInput
        label={`${text.rules.limitTransaction} (${text.common.points})`}
        {...points}
        {...form.getInputProps("per_transaction")}
      />
      <NumberInput
        label={`${text.rules.budget} (${text.common.points})`}
        {...points}
        {...form.getInputProps("budget")}
      />
      <NumberInput
        label={`${text.rules.limitMember} (${text.common.points})`}
        {...points}
        {...form.getInputProps("per_member")}
      />
      <Select
        label={text.rules.limitPeriod}
        data={Object.entries(text.periods).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        disabled={form.values.per_member === ""}
        {...form.getInputProps("period")}
      />
    </SimpleGrid>
  );
}

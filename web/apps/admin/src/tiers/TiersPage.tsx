"use client";

import { problemOf } from "@laurel/api-client";
import { Fetched, fieldErrors, PageHeader, ProblemNotice, SubmitButton } from "@laurel/ui";
import {
  ActionIcon,
  Anchor,
  Button,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import Link from "next/link";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { options } from "@/parts/options";
import { Panel } from "@/parts/Panel";
import { useReader } from "@/rules/useReader";
import { useMay } from "@/session/access";

type Ladder = Schema<"Tiers">;
type Draft = Ladder;
type LadderForm = UseFormReturnType<Draft>;

const MINOR = 100;

/** The ladder of tiers, and how members climb it. It is saved as a whole. */
export function TiersPage() {
  const tiers = useGet("/api/admin/tiers");
  return <Fetched query={tiers}>{(ladder) => <Editor ladder={ladder} />}</Fetched>;
}

function Editor({ ladder }: { ladder: Ladder }) {
  const text = useText();
  const may = useMay();
  const allowed = may("replace_tiers");
  const form = useForm<Draft>({ initialValues: ladder });
  const save = useChange((body: Draft) => api.PUT("/api/admin/tiers", { body }), {
    stale: ["/api/admin/tiers"],
    said: () => text.tiers.saved,
    onDone: () => form.resetDirty(),
  });
  const send = (draft: Draft) =>
    save.mutate(
      { ...draft, tiers: draft.tiers.map((tier, rank) => ({ ...tier, rank })) },
      { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) },
    );
  return (
    <form onSubmit={form.onSubmit(send)}>
      <PageHeader
        title={text.tiers.title}
        app={text.common.app}
        detail={text.tiers.detail}
        actions={
          allowed && (
            <SubmitButton loading={save.isPending} disabled={!form.isDirty()}>
              {text.tiers.save}
            </SubmitButton>
          )
        }
      />
      <Stack>
        {save.isError && <ProblemNotice error={save.error} />}
        <fieldset disabled={!allowed} style={{ border: 0, margin: 0, padding: 0, display: "contents" }}>
          {form.values.tiers.map((tier, place) => (
            // the code may be typed just now: the place is what stays
            <Rung key={`rung ${place}`} form={form} place={place} saved={ladder.tiers[place]?.code === tier.code} />
          ))}
          {allowed && (
            <Group>
              <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => addRung(form)}>
                {text.tiers.add}
              </Button>
            </Group>
          )}
          <Qualification form={form} />
        </fieldset>
      </Stack>
    </form>
  );
}

function addRung(form: LadderForm): void {
  const highest = form.values.tiers.at(-1);
  form.insertListItem("tiers", {
    code: "",
    name: "",
    rank: form.values.tiers.length,
    threshold_points: (highest?.threshold_points ?? 0) + 1_000,
    threshold_spend_minor: highest?.threshold_spend_minor ?? 0,
    multiplier: "1",
    benefits: [],
  });
}

function Rung({ form, place, saved }: { form: LadderForm; place: number; saved: boolean }) {
  const text = useText();
  const { currency } = useReader();
  const tier = form.values.tiers[place];
  if (!tier) return null;
  const spend = form.values.qualification?.measure === "spend";
  const at = (name: string) => form.getInputProps(`tiers.${place}.${name}`);
  return (
    <Panel
      title={tier.name || text.tiers.add}
      actions={
        <>
          {saved && (
            <Anchor component={Link} href={`/members?tier=${tier.code}`} size="sm">
              {text.tiers.members}
            </Anchor>
          )}
          {place > 0 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`${text.tiers.remove}: ${tier.name}`}
              onClick={() => form.removeListItem("tiers", place)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          )}
        </>
      }
    >
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <TextInput label={text.common.name} required {...at("name")} />
        <TextInput label={text.tiers.code} required readOnly={saved} {...at("code")} />
        {spend ? (
          <NumberInput
            label={text.tiers.spend(currency)}
            min={0}
            thousandSeparator
            value={(tier.threshold_spend_minor ?? 0) / MINOR}
            onChange={(value) =>
              form.setFieldValue(`tiers.${place}.threshold_spend_minor`, Math.round(Number(value) * MINOR))
            }
          />
        ) : (
          <NumberInput
            label={text.tiers.threshold}
            min={0}
            allowDecimal={false}
            thousandSeparator
            disabled={place === 0}
            {...at("threshold_points")}
          />
        )}
        <TextInput label={text.tiers.multiplier} inputMode="decimal" required {...at("multiplier")} />
      </SimpleGrid>
      <TagsInput label={text.tiers.benefits} description={text.tiers.benefitsHint} {...at("benefits")} />
    </Panel>
  );
}

function Qualification({ form }: { form: LadderForm }) {
  const text = useText().tiers;
  const rule = form.values.qualification;
  const begun = { measure: "points", period: "lifetime", grace_days: 0, downgrade: "to_qualified" } as const;
  return (
    <Panel title={text.qualification}>
      <Switch
        label={text.qualifies}
        description={text.qualifiesHint}
        checked={Boolean(rule)}
        onChange={(event) => form.setFieldValue("qualification", event.currentTarget.checked ? begun : null)}
      />
      {rule && (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={text.measure}
            data={options(text.measures)}
            allowDeselect={false}
            {...form.getInputProps("qualification.measure")}
          />
          <Select
            label={text.period}
            data={options(text.periods)}
            allowDeselect={false}
            {...form.getInputProps("qualification.period")}
          />
          <Select
            label={text.downgrade}
            data={options(text.downgrades)}
            allowDeselect={false}
            {...form.getInputProps("qualification.downgrade")}
          />
          <NumberInput label={text.grace} min={0} max={1000} {...form.getInputProps("qualification.grace_days")} />
        </SimpleGrid>
      )}
    </Panel>
  );
}

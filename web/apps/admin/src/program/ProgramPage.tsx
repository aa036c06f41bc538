"use client";

import { problemOf } from "@laurel/api-client";
import { Fetched, fieldErrors, PageHeader } from "@laurel/ui";
import { Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { options } from "@/parts/options";
import { SettingsForm } from "@/parts/SettingsForm";
import { useMay } from "@/session/access";

import { Terms } from "./Terms";

type Program = Schema<"Program">;

export function ProgramPage() {
  const text = useText();
  const program = useGet("/api/admin/program");
  const policy = useGet("/api/admin/program/points");
  return (
    <>
      <PageHeader title={text.program.title} app={text.common.app} detail={text.program.detail} />
      <Stack maw={860}>
        <Fetched query={program}>{(program) => <Settings program={program} />}</Fetched>
        <Fetched query={policy}>{(policy) => <Terms policy={policy} />}</Fetched>
      </Stack>
    </>
  );
}

function Settings({ program }: { program: Program }) {
  const text = useText();
  const allowed = useMay()("change_program");
  const { name, currency, time_zone, rounding, point_value } = program;
  const form = useForm({ initialValues: { name, currency, time_zone, rounding, point_value } });
  const save = useChange((body: Schema<"ProgramPatch">) => api.PATCH("/api/admin/program", { body }), {
    stale: ["/api/admin/program"],
    said: () => text.common.saved,
    onDone: () => form.resetDirty(),
  });
  const send = (given: typeof form.values) => {
    const changed = Object.entries(given).filter(([field, value]) => value !== program[field as keyof typeof given]);
    save.mutate(Object.fromEntries(changed), { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  };
  return (
    <SettingsForm
      title={text.program.settings}
      allowed={allowed}
      dirty={form.isDirty()}
      change={save}
      onSubmit={form.onSubmit(send)}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={text.program.name} required {...form.getInputProps("name")} />
        <TextInput label={text.program.timeZone} required {...form.getInputProps("time_zone")} />
        <TextInput
          label={text.program.currency}
          description={text.program.currencyHint}
          required
          {...form.getInputProps("currency")}
        />
        <TextInput
          label={text.program.pointValue(form.values.currency)}
          description={text.program.pointValueHint}
          inputMode="decimal"
          required
          {...form.getInputProps("point_value")}
        />
        <Select
          label={text.program.rounding}
          data={options(text.program.roundings)}
          allowDeselect={false}
          {...form.getInputProps("rounding")}
        />
      </SimpleGrid>
    </SettingsForm>
  );
}

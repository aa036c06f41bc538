"use client";

import { problemOf } from "@laurel/api-client";
import { fieldErrors } from "@laurel/ui";
import { NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { options } from "@/parts/options";
import { SettingsForm } from "@/parts/SettingsForm";
import { useMay } from "@/session/access";

type Policy = Schema<"PointsPolicy">;
type Mode = NonNullable<Policy["expiry"]>["mode"];
type PolicyForm = UseFormReturnType<Policy>;

const begun: Record<Mode, NonNullable<Policy["expiry"]>> = {
  none: { mode: "none" },
  months: { mode: "months", months: 12 },
  fixed_day: { mode: "fixed_day", month_day: "12-31", years: 0 },
  end_of_year: { mode: "end_of_year", years: 1 },
  rolling: { mode: "rolling", months: 12 },
};

/** What the program promises about its points. It is saved as a whole. */
export function Terms({ policy }: { policy: Policy }) {
  const text = useText();
  const allowed = useMay()("replace_points_policy");
  const form = useForm<Policy>({ initialValues: policy });
  const save = useChange((body: Policy) => api.PUT("/api/admin/program/points", { body }), {
    stale: ["/api/admin/program"],
    said: () => text.common.saved,
    onDone: () => form.resetDirty(),
  });
  const send = (given: Policy) =>
    save.mutate(given, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <SettingsForm
      title={text.program.terms}
      detail={text.program.termsDetail}
      allowed={allowed}
      dirty={form.isDirty()}
      change={save}
      onSubmit={form.onSubmit(send)}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberInput
          label={text.program.pendingDays}
          min={0}
          max={365}
          allowDecimal={false}
          {...form.getInputProps("pending_days")}
        />
        <Select
          label={text.program.refund}
          data={options(text.program.refunds)}
          allowDeselect={false}
          {...form.getInputProps("refund_policy")}
        />
      </SimpleGrid>
      <Expiry form={form} />
      <Switch label={text.program.hold} {...form.getInputProps("hold_at_request", { type: "checkbox" })} />
      <Transfers form={form} />
    </SettingsForm>
  );
}

function Expiry({ form }: { form: PolicyForm }) {
  const text = useText().program;
  const expiry = form.values.expiry ?? begun.none;
  const number = { allowDecimal: false, min: 0 };
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Select
        label={text.expiry}
        data={options(text.modes)}
        allowDeselect={false}
        value={expiry.mode}
        onChange={(mode) => mode && form.setFieldValue("expiry", begun[mode as Mode])}
      />
      {(expiry.mode === "months" || expiry.mode === "rolling") && (
        <NumberInput label={text.months} {...number} {...form.getInputProps("expiry.months")} />
      )}
      {expiry.mode === "fixed_day" && (
        <TextInput label={text.monthDay} placeholder="03-31" {...form.getInputProps("expiry.month_day")} />
      )}
      {(expiry.mode === "fixed_day" || expiry.mode === "end_of_year") && (
        <NumberInput label={text.years} {...number} {...form.getInputProps("expiry.years")} />
      )}
    </SimpleGrid>
  );
}

function Transfers({ form }: { form: PolicyForm }) {
  const text = useText().program;
  const whole = { allowDecimal: false, min: 1, thousandSeparator: true };
  const most = form.values.transfers?.points_per_month ?? "";
  return (
    <>
      <Switch label={text.transfers} {...form.getInputProps("transfers.enabled", { type: "checkbox" })} />
      {form.values.transfers?.enabled && (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberInput label={text.transferMinimum} {...whole} {...form.getInputProps("transfers.minimum_points")} />
          <NumberInput
            label={text.transferMonth}
            placeholder={text.noLimit}
            {...whole}
            value={most}
            onChange={(value) => form.setFieldValue("transfers.points_per_month", value === "" ? null : Number(value))}
          />
        </SimpleGrid>
      )}
    </>
  );
}

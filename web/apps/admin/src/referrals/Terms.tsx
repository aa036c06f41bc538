"use client";

import { problemOf } from "@laurel/api-client";
import { fieldErrors } from "@laurel/ui";
import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { options } from "@/parts/options";
import { SettingsForm } from "@/parts/SettingsForm";
import { useMay } from "@/session/access";

type ReferralTerms = Schema<"ReferralTerms">;

/** When both sides are rewarded, and for how many friends. */
export function Terms({ terms, currency }: { terms: ReferralTerms; currency: string }) {
  const text = useText();
  const allowed = useMay()("replace_terms");
  const form = useForm<ReferralTerms>({ initialValues: terms });
  const save = useChange((body: ReferralTerms) => api.PUT("/api/admin/referrals/terms", { body }), {
    stale: ["/api/admin/referrals/terms"],
    said: () => text.common.saved,
    onDone: () => form.resetDirty(),
  });
  const send = (given: ReferralTerms) =>
    save.mutate(given, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  const whole = { allowDecimal: false, clampBehavior: "blur" } as const;
  return (
    <SettingsForm
      title={text.referrals.terms}
      detail={text.referrals.termsDetail}
      allowed={allowed}
      dirty={form.isDirty()}
      change={save}
      onSubmit={form.onSubmit(send)}
    >
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        <NumberInput
          label={text.referrals.purchases}
          min={1}
          max={100}
          {...whole}
          {...form.getInputProps("purchases")}
        />
        <TextInput
          label={text.referrals.minimum(currency)}
          inputMode="decimal"
          {...form.getInputProps("minimum_amount")}
        />
        <NumberInput
          label={text.referrals.within}
          min={1}
          max={365}
          {...whole}
          {...form.getInputProps("within_days")}
        />
        <NumberInput label={text.referrals.wait} min={0} max={90} {...whole} {...form.getInputProps("wait_days")} />
        <NumberInput
          label={text.referrals.limit}
          placeholder={text.program.noLimit}
          min={1}
          {...whole}
          value={form.values.limit_per_referrer ?? ""}
          onChange={(value) => form.setFieldValue("limit_per_referrer", value === "" ? null : Number(value))}
        />
        <Select
          label={text.referrals.period}
          data={options(text.periods)}
          allowDeselect={false}
          {...form.getInputProps("limit_period")}
        />
      </SimpleGrid>
    </SettingsForm>
  );
}

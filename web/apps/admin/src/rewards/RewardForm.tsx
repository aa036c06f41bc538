"use client";

import { NumberInput, Select, SimpleGrid, Switch, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import { useTierNames } from "@/members/tiers";
import { useText } from "@/messages";
import { options } from "@/parts/options";
import { Panel } from "@/parts/Panel";

import type { RewardDraft } from "./draft";

interface RewardFormProps {
  form: UseFormReturnType<RewardDraft>;
  disabled: boolean;
  withStock: boolean;
}

const whole = { allowDecimal: false, min: 1, thousandSeparator: true };

export function RewardForm({ form, disabled, withStock }: RewardFormProps) {
  const text = useText();
  const { rewards } = text;
  return (
    <fieldset disabled={disabled} style={{ border: 0, margin: 0, padding: 0, display: "contents" }}>
      <Panel title={rewards.one}>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label={text.common.name} required maxLength={200} {...form.getInputProps("name")} />
          <NumberInput
            label={rewards.cost}
            description={rewards.costHint}
            inputWrapperOrder={["label", "input", "description", "error"]}
            required
            {...whole}
            {...form.getInputProps("points_cost")}
          />
        </SimpleGrid>
        <Textarea
          label={rewards.description}
          autosize
          minRows={2}
          maxLength={2000}
          {...form.getInputProps("description")}
        />
        <TextInput label={rewards.picture} description={rewards.pictureHint} {...form.getInputProps("image_url")} />
        <Switch label={rewards.onOffer} {...form.getInputProps("active", { type: "checkbox" })} />
      </Panel>
      <Panel title={text.rules.limits}>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {withStock && (
            <NumberInput
              label={rewards.stock}
              placeholder={rewards.stockHint}
              {...whole}
              min={0}
              {...form.getInputProps("stock_remaining")}
            />
          )}
          <Select
            label={rewards.tier}
            placeholder={rewards.anyTier}
            data={options(useTierNames())}
            clearable
            {...form.getInputProps("minimum_tier_code")}
          />
          <NumberInput
            label={rewards.limit}
            placeholder={rewards.limitHint}
            {...whole}
            {...form.getInputProps("limit_per_member")}
          />
          <Select
            label={rewards.period}
            data={options(text.periods)}
            allowDeselect={false}
            {...form.getInputProps("limit_period")}
          />
          <TextInput type="datetime-local" label={rewards.from} {...form.getInputProps("starts_at")} />
          <TextInput type="datetime-local" label={rewards.until} {...form.getInputProps("ends_at")} />
        </SimpleGrid>
      </Panel>
      <Panel title={rewards.vouchers}>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={rewards.source}
            data={options(rewards.sources)}
            allowDeselect={false}
            {...form.getInputProps("voucher_source")}
          />
          <NumberInput
            label={rewards.confirmSeconds}
            placeholder={rewards.confirmHint}
            {...whole}
            {...form.getInputProps("confirm_seconds")}
          />
        </SimpleGrid>
      </Panel>
    </fieldset>
  );
}

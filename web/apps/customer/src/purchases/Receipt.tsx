"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Badge, Divider, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode } from "react";

import { receipt, type Steps } from "@/api";
import { Section } from "@/home/Section";
import { useText } from "@/text";

import { useExact } from "./exact";

const ASK_MS = 2_000;

/** Why a purchase earned what it earned: lines, extra points, multipliers, tier, rounding, limits. */
export function Receipt({ id }: { id: string }) {
  const text = useText().receipt;
  const query = useQuery({
    ...receipt(id),
    refetchInterval: ({ state }) => (state.data?.status === "recorded" ? ASK_MS : false),
  });
  return (
    <Section title={text.title}>
      <Fetched query={query}>
        {({ steps }) =>
          steps === null ? (
            <Group gap="sm" role="status">
              <Loader size="sm" aria-hidden />
              <Text>{text.waiting}</Text>
            </Group>
          ) : (
            <Reckoning steps={steps} />
          )
        }
      </Fetched>
    </Section>
  );
}

function Reckoning({ steps }: { steps: Steps }) {
  const text = useText().receipt;
  const format = useFormat();
  return (
    <Stack gap="xs">
      <Lines steps={steps} />
      <Extras steps={steps} />
      <Step label={text.rounding[steps.rounding]}>{format.points(steps.rounded)}</Step>
      <Cuts steps={steps} />
      <Divider />
      <Group justify="space-between">
        <Text fw={650}>{text.total}</Text>
        <Text fw={700} fz="xl" className="figures" data-testid="receipt-points">
          {format.signedPoints(steps.points)}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {steps.pending_until && `${text.pendingUntil(format.date(steps.pending_until))} `}
        {steps.expires_at ? text.expiresAt(format.date(steps.expires_at)) : text.neverExpires}
      </Text>
      <RulesUsed steps={steps} />
    </Stack>
  );
}

function Lines({ steps }: { steps: Steps }) {
  const text = useText();
  const exact = useExact();
  const format = useFormat();
  return steps.lines.map((line) => (
    <Stack key={line.line} gap={2}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600}>
          {line.sku === null ? text.receipt.order : (text.shop.product[line.sku] ?? line.sku)}
        </Text>
        <Text size="sm" c="dimmed" className="figures">
          {format.money(line.amount, steps.currency)}
        </Text>
      </Group>
      {line.rules.length === 0 && (
        <Text size="sm" c="dimmed">
          {text.receipt.nothing}
        </Text>
      )}
      {line.rules.map((claim) => (
        <Step key={claim.rule} label={ruleName(steps, claim.rule)} indented>
          {exact(claim.points)}
        </Step>
      ))}
    </Stack>
  ));
}

function Extras({ steps }: { steps: Steps }) {
  const text = useText().receipt;
  const exact = useExact();
  const { tier } = steps;
  return (
    <>
      {steps.fixed.map((claim) => (
        <Step key={claim.rule} label={ruleName(steps, claim.rule)}>
          {exact(claim.points)}
        </Step>
      ))}
      <Divider variant="dashed" />
      <Step label={text.sum}>{exact(steps.before_multipliers)}</Step>
      {steps.multipliers.map((one) => (
        <Step key={one.rule} label={text.multiplier(ruleName(steps, one.rule), one.factor)}>
          +{exact(one.extra)}
        </Step>
      ))}
      {tier.extra !== "0" && (
        <Step label={tier.code ? text.tier(tier.code, tier.multiplier) : text.noTier(tier.multiplier)}>
          +{exact(tier.extra)}
        </Step>
      )}
    </>
  );
}

function Cuts({ steps }: { steps: Steps }) {
  const text = useText().receipt;
  const exact = useExact();
  return steps.cuts.map((cut) => (
    <Step key={`${cut.rule} ${cut.limit}`} label={text.cutBy(text.cut[cut.limit], ruleName(steps, cut.rule))}>
      −{exact(cut.points)}
    </Step>
  ));
}

function RulesUsed({ steps }: { steps: Steps }) {
  const text = useText().receipt;
  if (steps.rules.length === 0) return null;
  return (
    <Stack gap={6} mt="xs">
      <Text size="sm" c="dimmed">
        {text.rules}
      </Text>
      {steps.rules.map((rule) => (
        <Group key={rule.rule_id} gap="xs">
          <Text size="sm">{rule.name}</Text>
          <Badge color="gray" size="sm">
            {text.version(rule.version)}
          </Badge>
        </Group>
      ))}
    </Stack>
  );
}

function Step({ label, indented = false, children }: { label: string; indented?: boolean; children: ReactNode }) {
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start" pl={indented ? "md" : 0}>
      <Text size="sm">{label}</Text>
      <Text size="sm" className="figures" style={{ whiteSpace: "nowrap" }}>
        {children}
      </Text>
    </Group>
  );
}

const ruleName = (steps: Steps, at: number) => steps.rules[at]?.name ?? "";

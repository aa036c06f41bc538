"use client";

import { type Format, useFormat } from "@laurel/ui";
import { Group, Stack, Table, Text } from "@mantine/core";

import type { Schema } from "@/api/client";
import { type Messages, useText } from "@/messages";
import { RowLink } from "@/parts/Links";

type Steps = Schema<"ReceiptSteps">;

interface Step {
  key: string;
  what: string;
  how?: string;
  points: string;
}

/** Why a purchase earned what it earned: step by step in exact numbers, then what each rule gave. */
export function Receipt({ steps, linked = true }: { steps: Steps; linked?: boolean }) {
  const text = useText();
  const format = useFormat();
  const terms = [
    steps.pending_until && text.transactions.pendingUntil(format.date(steps.pending_until)),
    steps.expires_at && text.transactions.expiresAt(format.date(steps.expires_at)),
  ].filter(Boolean);
  return (
    <Stack gap="xs">
      <Table fz="sm" verticalSpacing={5} horizontalSpacing={4}>
        <Table.Tbody>
          {stepsOf(steps, text, format).map(({ key, what, how, points }) => (
            <Table.Tr key={key}>
              <Table.Td>
                {what}
                {how && (
                  <Text size="xs" c="dimmed">
                    {how}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right" style={{ whiteSpace: "nowrap", verticalAlign: "top" }}>
                {points}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>
              {text.transactions.total}
              <Text size="xs" c="dimmed">
                {text.transactions.rounded[steps.rounding]}
              </Text>
            </Table.Th>
            <Table.Th ta="right">{format.points(steps.points)}</Table.Th>
          </Table.Tr>
        </Table.Tfoot>
      </Table>
      {steps.rules.map((rule) => (
        <Group key={`${rule.rule_id} ${rule.version}`} justify="space-between" wrap="nowrap">
          <Text size="sm">
            {linked ? <RowLink href={`/rules/${rule.rule_id}`}>{rule.name}</RowLink> : rule.name}{" "}
            <Text span size="xs" c="dimmed">
              {linked && text.transactions.version(format.number(rule.version))}
            </Text>
          </Text>
          <Text size="sm" fw={600} style={{ whiteSpace: "nowrap" }}>
            {format.points(rule.points)}
          </Text>
        </Group>
      ))}
      {terms.length > 0 && (
        <Text size="xs" c="dimmed">
          {terms.join(" · ")}
        </Text>
      )}
    </Stack>
  );
}

function stepsOf(steps: Steps, text: Messages, format: Format): Step[] {
  return [
    ...lineSteps(steps, text, format),
    ...steps.fixed.map(({ rule, points }, place) => ({
      key: `fixed ${place}`,
      what: steps.rules[rule]?.name ?? text.transactions.fixed,
      how: text.transactions.fixed,
      points: `+ ${written(points, format)}`,
    })),
    ...steps.multipliers.map(({ rule, factor, extra }, place) => ({
      key: `multiplier ${place}`,
      what: steps.rules[rule]?.name ?? text.transactions.multiplier(factor),
      how: text.transactions.multiplier(format.decimal(factor)),
      points: `+ ${written(extra, format)}`,
    })),
    ...tierStep(steps, text, format),
    ...steps.cuts.map(({ rule, limit, points }, place) => ({
      key: `cut ${place}`,
      what: steps.rules[rule]?.name ?? "",
      how: text.transactions.cut[limit],
      points: `− ${written(points, format)}`,
    })),
  ];
}

function lineSteps({ lines, rules, currency }: Steps, text: Messages, format: Format): Step[] {
  return lines.map((line) => ({
    key: `line ${line.line}`,
    what: [line.category ?? line.sku ?? text.transactions.base, format.money(line.amount, currency)].join(" · "),
    how: line.rules.map(({ rule }) => rules[rule]?.name).join(", ") || text.transactions.noRule,
    points: line.rules.map(({ points }) => written(points, format)).join(" + ") || "0",
  }));
}

function tierStep({ tier }: Steps, text: Messages, format: Format): Step[] {
  if (tier.multiplier === "1") return [];
  const what = text.transactions.tierBonus(tier.code ?? "–", format.decimal(tier.multiplier));
  return [{ key: "tier", what, points: `+ ${written(tier.extra, format)}` }];
}

/** Exact points are decimals, or fractions where no decimal is exact ("10/3"). */
function written(exact: string, format: Format): string {
  return exact.includes("/") ? exact : format.decimal(exact);
}

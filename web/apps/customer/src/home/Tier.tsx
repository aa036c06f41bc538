"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Badge, Box, List, Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { type Points, points } from "@/api";
import { useText } from "@/text";

import { Section } from "./Section";

/** The member's tier, how far the next one is, and what it brings. */
export function Tier() {
  const text = useText().home;
  const query = useQuery(points);
  return (
    <Section title={text.tier} action={query.data && <Badge size="lg">{query.data.tier.name}</Badge>}>
      <Fetched query={query}>
        {({ tier, lifetime_earned }) => <Standing tier={tier} earned={lifetime_earned} />}
      </Fetched>
    </Section>
  );
}

function Standing({ tier, earned }: { tier: Points["tier"]; earned: number }) {
  const text = useText().home;
  const { next_name: next, benefits = [] } = tier;
  const way = wayUp(tier, earned);
  return (
    <>
      {next === null && <Text>{text.top}</Text>}
      {next !== null && way !== null && <Progressing next={next} way={way} />}
      {tier.outlook?.at_risk && <AtRisk outlook={tier.outlook} />}
      {benefits.length > 0 && (
        <Box>
          <Text size="sm" c="dimmed" mb={4}>
            {text.benefits}
          </Text>
          <List size="sm" spacing={4}>
            {benefits.map((benefit) => (
              <List.Item key={benefit}>{benefit}</List.Item>
            ))}
          </List>
        </Box>
      )}
    </>
  );
}

function Progressing({ next, way }: { next: string; way: Way }) {
  const text = useText().home;
  const told = useAmount();
  return (
    <Box>
      <Text mb={8}>{text.toNext(told(way.missing, way.currency), next)}</Text>
      <Progress
        value={share(Number(way.counted), Number(way.missing))}
        size="lg"
        radius="xl"
        aria-label={text.progress(next)}
      />
    </Box>
  );
}

function AtRisk({ outlook }: { outlook: Outlook }) {
  const text = useText().home;
  const format = useFormat();
  const told = useAmount();
  if (!outlook.to_keep || !outlook.keep_by) return null;
  return <Text>{text.toKeep(told(outlook.to_keep, outlook.currency ?? null), format.date(outlook.keep_by))}</Text>;
}

type Outlook = NonNullable<Points["tier"]["outlook"]>;

/** What counts towards the next tier and what is missing: points, or money in a currency. */
interface Way {
  counted: string;
  missing: string;
  currency: string | null;
}

function wayUp({ outlook, points_to_next: missing }: Points["tier"], earned: number): Way | null {
  if (outlook?.to_next)
    return { counted: outlook.counted, missing: outlook.to_next, currency: outlook.currency ?? null };
  return missing === null ? null : { counted: String(earned), missing: String(missing), currency: null };
}

function useAmount() {
  const format = useFormat();
  return (amount: string, currency: string | null) =>
    currency === null ? format.points(Number(amount)) : format.money(amount, currency);
}

const share = (earned: number, missing: number) => (earned + missing > 0 ? (100 * earned) / (earned + missing) : 0);

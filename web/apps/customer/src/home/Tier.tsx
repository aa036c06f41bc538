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
  const format = useFormat();
  const { next_name: next, points_to_next: missing, benefits = [] } = tier;
  return (
    <>
      {next === null && <Text>{text.top}</Text>}
      {next !== null && missing !== null && (
        <Box>
          <Text mb={8}>{text.toNext(format.points(missing), next)}</Text>
          <Progress value={share(earned, missing)} size="lg" radius="xl" aria-label={text.progress(next)} />
        </Box>
      )}
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

const share = (earned: number, missing: number) => (earned + missing > 0 ? (100 * earned) / (earned + missing) : 0);

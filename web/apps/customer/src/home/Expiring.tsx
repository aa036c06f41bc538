"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { List, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { points } from "@/api";
import { useText } from "@/text";

import { Section } from "./Section";

const SHOWN = 5;

/** Which points end when. */
export function Expiring() {
  const text = useText().home;
  const format = useFormat();
  const query = useQuery(points);
  return (
    <Section title={text.expiring}>
      <Fetched query={query}>
        {({ expiring }) =>
          expiring.length === 0 ? (
            <Text c="dimmed">{text.expiringNone}</Text>
          ) : (
            <List listStyleType="none" spacing={6}>
              {expiring.slice(0, SHOWN).map((lot) => (
                <List.Item key={lot.expires_at}>
                  {text.expiresOn(format.points(lot.points), format.date(lot.expires_at))}
                </List.Item>
              ))}
            </List>
          )
        }
      </Fetched>
    </Section>
  );
}

"use client";

import { Fetched, useFormat } from "@laurel/ui";
import { Anchor, Grid, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode } from "react";

import { type Purchase as Bought, purchase } from "@/api";
import { Section } from "@/home/Section";
import { Page } from "@/shell/Page";
import { When } from "@/shell/When";
import { useText } from "@/text";

import { PurchasePoints } from "./PurchaseRows";
import { Receipt } from "./Receipt";

export function Purchase({ id }: { id: string }) {
  const text = useText().purchases;
  const query = useQuery(purchase(id));
  return (
    <Page
      title={text.one}
      actions={
        <Anchor component={Link} href="/purchases">
          {text.title}
        </Anchor>
      }
    >
      <Fetched query={query}>
        {(bought) => (
          <Grid gap="lg">
            <Grid.Col span={{ base: 12, md: 5 }}>
              <Bill purchase={bought} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 7 }}>
              <Receipt id={id} />
            </Grid.Col>
          </Grid>
        )}
      </Fetched>
    </Page>
  );
}

function Bill({ purchase: bought }: { purchase: Bought }) {
  const { purchases: text } = useText();
  const format = useFormat();
  return (
    <Section title={text.items} action={<PurchasePoints purchase={bought} />}>
      <Stack gap={8}>
        {bought.items.map((item, at) => (
          <Line key={`${at} ${item.sku}`} label={<Item sku={item.sku} quantity={item.quantity} />}>
            {format.money(item.amount, bought.currency)}
          </Line>
        ))}
        <Line label={<Text fw={650}>{text.amount}</Text>}>
          <Text span fw={650}>
            {format.money(bought.amount, bought.currency)}
          </Text>
        </Line>
        {bought.status === "refunded" && (
          <Line label={text.refunded}>{format.money(bought.refunded_amount, bought.currency)}</Line>
        )}
        <Line label={text.when}>
          <When at={bought.occurred_at} />
        </Line>
        {bought.external_id && <Line label={text.number}>{bought.external_id}</Line>}
      </Stack>
    </Section>
  );
}

function Item({ sku, quantity }: { sku: string; quantity: number }) {
  const text = useText();
  const format = useFormat();
  return (
    <>
      {text.purchases.quantity(format.number(quantity))} {text.shop.product[sku] ?? sku}
    </>
  );
}

function Line({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-start" gap="md">
      <Text size="sm" component="div">
        {label}
      </Text>
      <Text size="sm" component="div" className="figures">
        {children}
      </Text>
    </Group>
  );
}

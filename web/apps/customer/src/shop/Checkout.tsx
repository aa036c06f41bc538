"use client";

import { Empty, ProblemNotice, useFormat } from "@laurel/ui";
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconBasket } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { ask, newIntention, type Purchase, purchase as purchaseQuery } from "@/api";
import { Section } from "@/home/Section";
import { useText } from "@/text";

import { type Basket, CURRENCY, inMoney, linesOf, totalCents } from "./catalog";
import { Thanks } from "./Thanks";

interface CheckoutProps {
  basket: Basket;
  onBought: () => void;
  onClear: () => void;
}

/** The basket and the way to buy it; then the purchase and its points as they arrive. */
export function Checkout({ basket, onBought, onClear }: CheckoutProps) {
  const text = useText().shop;
  const queries = useQueryClient();
  const [boughtId, setBoughtId] = useState<string | null>(null);
  // one intention until it succeeds: a second click, or a second try after an error, is the same order
  const orderId = useRef<string | null>(null);
  const buy = useMutation({
    mutationFn: async () => {
      orderId.current ??= newIntention();
      const answer = await ask("POST", "/api/shop/orders", { orderId: orderId.current, basket });
      return (await answer.json()) as Purchase;
    },
    onSuccess: (bought) => {
      orderId.current = null;
      queries.setQueryData(purchaseQuery(bought.transaction_id).queryKey, bought);
      void queries.invalidateQueries({ queryKey: ["purchases"] });
      setBoughtId(bought.transaction_id);
      onBought();
    },
  });
  const lines = linesOf(basket);
  return (
    <Stack>
      {boughtId !== null && <Thanks key={boughtId} id={boughtId} />}
      <Section title={text.basket}>
        {lines.length === 0 ? (
          <Empty icon={<IconBasket size={24} />} title={text.basketEmpty} detail={text.basketEmptyDetail} />
        ) : (
          <Lines basket={basket} />
        )}
        {buy.error && <ProblemNotice error={buy.error} />}
        {lines.length > 0 && (
          <Stack gap="xs">
            <BuyButton cents={totalCents(basket)} loading={buy.isPending} onClick={() => buy.mutate()} />
            <Button variant="subtle" color="gray" onClick={onClear} disabled={buy.isPending}>
              {text.clear}
            </Button>
          </Stack>
        )}
      </Section>
    </Stack>
  );
}

function BuyButton({ cents, loading, onClick }: { cents: number; loading: boolean; onClick: () => void }) {
  const text = useText().shop;
  const format = useFormat();
  return (
    <Button size="md" onClick={onClick} loading={loading}>
      {text.buy(format.money(inMoney(cents), CURRENCY))}
    </Button>
  );
}

function Lines({ basket }: { basket: Basket }) {
  const text = useText().shop;
  const format = useFormat();
  return (
    <Stack gap={6}>
      {linesOf(basket).map(({ product, quantity, cents }) => (
        <Group key={product.sku} justify="space-between" wrap="nowrap" align="flex-start">
          <Text size="sm">
            {format.number(quantity)} × {text.product[product.sku]}
          </Text>
          <Text size="sm" className="figures">
            {format.money(inMoney(cents), CURRENCY)}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}

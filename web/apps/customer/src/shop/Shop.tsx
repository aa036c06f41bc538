"use client";

import { ReadyButton, useFormat } from "@laurel/ui";
import { ActionIcon, Button, Card, Grid, Group, Image, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";

import { Page } from "@/shell/Page";
import { useText } from "@/text";

import { Checkout } from "./Checkout";
import { type Basket, catalog, CURRENCY, inMoney, linesOf, type Product, totalCents } from "./catalog";
import styles from "./Shop.module.css";
import { useBasket } from "./useBasket";

export function Shop() {
  const text = useText().shop;
  const basket = useBasket();
  return (
    <Page title={text.title} detail={text.detail}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <SimpleGrid cols={{ base: 2, xs: 3 }} spacing={{ base: "sm", sm: "md" }}>
            {catalog.map((product) => (
              <ProductCard
                key={product.sku}
                product={product}
                quantity={basket.basket[product.sku] ?? 0}
                onChange={(by) => basket.change(product.sku, by)}
              />
            ))}
          </SimpleGrid>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <div className={styles.checkout} id="basket">
            <Checkout basket={basket.basket} onBought={basket.clear} onClear={basket.clear} />
          </div>
        </Grid.Col>
      </Grid>
      <ToBasket basket={basket.basket} />
    </Page>
  );
}

/** On a phone the basket is below everything: a way there, with what is in it. */
function ToBasket({ basket }: { basket: Basket }) {
  const text = useText().shop;
  const format = useFormat();
  const lines = linesOf(basket);
  if (lines.length === 0) return null;
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <Button component="a" href="#basket" hiddenFrom="md" className={styles.toBasket} size="md">
      {text.basket}: {text.items(count)}, {format.money(inMoney(totalCents(basket)), CURRENCY)}
    </Button>
  );
}

interface ProductCardProps {
  product: Product;
  quantity: number;
  onChange: (by: number) => void;
}

function ProductCard({ product, quantity, onChange }: ProductCardProps) {
  const text = useText().shop;
  const format = useFormat();
  const name = text.product[product.sku] ?? product.sku;
  return (
    <Card p="sm" className={styles.product} withBorder radius="lg">
      <Card.Section>
        <Image src={`/products/${product.sku}.svg`} alt="" className={styles.picture} />
      </Card.Section>
      <Stack gap={2} mt="sm" flex={1}>
        <Text size="xs" c="dimmed">
          {text.category[product.category]}
        </Text>
        <Title order={2} size="h5">
          {name}
        </Title>
        <Text size="sm" c="dimmed">
          {text.unit[product.sku]}
        </Text>
      </Stack>
      <Text fw={650} my="xs">
        {format.money(inMoney(product.priceCents), CURRENCY)}
      </Text>
      {quantity === 0 ? (
        <ReadyButton variant="light" aria-label={text.add(name)} onClick={() => onChange(1)} fullWidth>
          <IconPlus size={18} aria-hidden />
        </ReadyButton>
      ) : (
        <Group justify="space-between" wrap="nowrap">
          <ActionIcon variant="light" size="lg" aria-label={text.fewer(name)} onClick={() => onChange(-1)}>
            <IconMinus size={18} />
          </ActionIcon>
          <Text fw={650} aria-live="polite">
            {format.number(quantity)}
          </Text>
          <ActionIcon variant="light" size="lg" aria-label={text.more(name)} onClick={() => onChange(1)}>
            <IconPlus size={18} />
          </ActionIcon>
        </Group>
      )}
    </Card>
  );
}

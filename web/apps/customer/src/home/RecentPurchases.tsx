"use client";

import { Empty, Fetched } from "@laurel/ui";
import { Anchor, Button } from "@mantine/core";
import { IconBasket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";

import { recentPurchases } from "@/api";
import { PurchaseRows } from "@/purchases/PurchaseRows";
import { useText } from "@/text";

import { Section } from "./Section";

export function RecentPurchases() {
  const text = useText();
  const query = useQuery(recentPurchases);
  return (
    <Section
      title={text.home.recent}
      action={
        <Anchor component={Link} href="/purchases" prefetch={false} size="sm">
          {text.all}
        </Anchor>
      }
    >
      <Fetched query={query}>
        {({ data }) =>
          data.length > 0 ? (
            <PurchaseRows purchases={data} />
          ) : (
            <Empty
              icon={<IconBasket size={24} />}
              title={text.home.recentNone}
              detail={text.home.recentNoneDetail}
              action={
                <Button component={Link} href="/shop" prefetch={false} variant="light">
                  {text.purchases.toShop}
                </Button>
              }
            />
          )
        }
      </Fetched>
    </Section>
  );
}

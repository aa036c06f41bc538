"use client";

import { Empty, Fetched, Waiting } from "@laurel/ui";
import { Button, Paper } from "@mantine/core";
import { IconReceipt2 } from "@tabler/icons-react";
import Link from "next/link";

import { purchases } from "@/api";
import { useGrowing } from "@/live/growing";
import { MoreOnScroll } from "@/shell/MoreOnScroll";
import { Page } from "@/shell/Page";
import { useText } from "@/text";

import { PurchaseRows } from "./PurchaseRows";

export function Purchases() {
  const text = useText().purchases;
  const query = useGrowing(purchases);
  return (
    <Page title={text.title} detail={text.detail}>
      <Paper p={{ base: "sm", sm: "lg" }} bg="var(--laurel-surface)">
        <Fetched query={query} waiting={<Waiting lines={8} height={44} />}>
          {({ pages }) =>
            pages[0]?.data.length ? (
              <>
                {pages.map((page, place) => (
                  <PurchaseRows key={place} purchases={page.data} />
                ))}
                <MoreOnScroll query={query} />
              </>
            ) : (
              <Empty
                icon={<IconReceipt2 size={24} />}
                title={text.none}
                detail={text.noneDetail}
                action={
                  <Button component={Link} href="/shop">
                    {text.toShop}
                  </Button>
                }
              />
            )
          }
        </Fetched>
      </Paper>
    </Page>
  );
}

"use client";

import { useFormat } from "@laurel/ui";
import { Badge, Group, Stack, Text } from "@mantine/core";
import Link from "next/link";
import { type CSSProperties, memo } from "react";

import { type Purchase } from "@/api";
import { When } from "@/shell/When";
import { useText } from "@/text";

import styles from "./PurchaseRows.module.css";

/** Purchases, each a link to its receipt. Drawn again only when one of them has changed, however many lists there are. */
export const PurchaseRows = memo(function PurchaseRows({ purchases }: { purchases: readonly Purchase[] }) {
  return (
    <ul className={styles.rows} style={{ "--rows": purchases.length } as CSSProperties}>
      {purchases.map((purchase) => (
        <li key={purchase.transaction_id}>
          <PurchaseRow purchase={purchase} />
        </li>
      ))}
    </ul>
  );
});

function PurchaseRow({ purchase }: { purchase: Purchase }) {
  const format = useFormat();
  return (
    <Link href={`/purchases/${purchase.transaction_id}`} className={styles.row} prefetch={false}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Stack gap={2} miw={0}>
          <Text fw={600}>{format.money(purchase.amount, purchase.currency)}</Text>
          <Text size="sm" c="dimmed">
            <When at={purchase.occurred_at} />
          </Text>
        </Stack>
        <PurchasePoints purchase={purchase} />
      </Group>
    </Link>
  );
}

/** What a purchase earned, or how it stands. */
export function PurchasePoints({ purchase }: { purchase: Purchase }) {
  const text = useText().purchases;
  const format = useFormat();
  if (purchase.points_awarded === null) {
    return (
      <Badge color="amber" className={styles.waiting}>
        {text.status.recorded}
      </Badge>
    );
  }
  return (
    <Stack gap={2} align="flex-end">
      <Text fw={620} className={styles.points}>
        {format.signedPoints(purchase.points_awarded)}
      </Text>
      {purchase.status === "refunded" && <Badge color="gray">{text.status.refunded}</Badge>}
    </Stack>
  );
}

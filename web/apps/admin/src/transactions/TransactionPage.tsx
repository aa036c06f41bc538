"use client";

import { Fetched, Figure, Moment, PageHeader, useFormat, Waiting } from "@laurel/ui";
import { Button, Grid, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconReceiptRefund } from "@tabler/icons-react";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Facts } from "@/parts/Facts";
import { MemberLink, MerchantName, ShortId } from "@/parts/Links";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

import { Receipt } from "./Receipt";
import { RefundDialog } from "./RefundDialog";
import { Refunds } from "./Refunds";

type Transaction = Schema<"TransactionWithReceipt">;

const LOOK_AGAIN_MILLISECONDS = 2_000;

/** A purchase, what it earned and why, and what of it was refunded. */
export function TransactionPage({ id }: { id: string }) {
  const transaction = useGet(
    "/api/admin/transactions/{transaction_id}",
    { path: { transaction_id: id } },
    { everyMilliseconds: LOOK_AGAIN_MILLISECONDS, until: ({ receipt }) => receipt !== null },
  );
  return <Fetched query={transaction}>{(transaction) => <Known transaction={transaction} />}</Fetched>;
}

function Known({ transaction }: { transaction: Transaction }) {
  const text = useText().transactions;
  const app = useText().common.app;
  const format = useFormat();
  const may = useMay();
  const [refunding, setRefunding] = useState(false);
  const { amount, currency, refunded_amount: refunded, points_awarded: points } = transaction;
  const wholly = Number(refunded) >= Number(amount);
  return (
    <>
      <PageHeader
        title={`${text.one} ${transaction.external_id ?? ""}`.trim()}
        app={app}
        trail={[{ label: text.title, href: "/transactions" }]}
        status={<StandingBadge standing={transaction.status} />}
        actions={
          may("record_refund") &&
          !wholly && (
            <Button
              variant="default"
              leftSection={<IconReceiptRefund size={17} />}
              disabled={points === null}
              onClick={() => setRefunding(true)}
            >
              {text.refund}
            </Button>
          )
        }
      />
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
          <Figure label={useText().common.amount} value={format.money(amount, currency)} />
          <Figure label={useText().common.points} value={points === null ? text.working : format.points(points)} />
          <Figure label={text.refunded} value={format.money(refunded, currency)} />
        </SimpleGrid>
        <Grid>
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <Stack>
              <Panel title={text.why}>
                {transaction.receipt ? <Receipt steps={transaction.receipt} /> : <StillWorking />}
              </Panel>
              <Refunds transactionId={transaction.transaction_id} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <Stack>
              <About transaction={transaction} />
              <Basket transaction={transaction} />
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
      {refunding && <RefundDialog transaction={transaction} onClose={() => setRefunding(false)} />}
    </>
  );
}

function StillWorking() {
  const text = useText().transactions;
  return (
    <>
      <Text size="sm" c="dimmed">
        {text.whyWaiting}
      </Text>
      <Waiting lines={4} />
    </>
  );
}

function About({ transaction }: { transaction: Transaction }) {
  const text = useText();
  return (
    <Panel title={text.common.details}>
      <Facts
        facts={[
          [text.common.member, <MemberLink key="member" id={transaction.member_id} />],
          [text.transactions.merchant, <MerchantName key="merchant" id={transaction.merchant_id} />],
          [
            text.transactions.externalId,
            transaction.external_id ?? <ShortId key="id" id={transaction.transaction_id} />,
          ],
          [text.transactions.occurred, <Moment key="occurred" at={transaction.occurred_at} />],
          [text.transactions.recorded, <Moment key="recorded" at={transaction.recorded_at} />],
          [text.transactions.awarded, <Moment key="awarded" at={transaction.awarded_at} />],
        ]}
      />
    </Panel>
  );
}

function Basket({ transaction: { items, currency } }: { transaction: Transaction }) {
  const text = useText();
  const format = useFormat();
  if (items.length === 0) {
    return (
      <Panel title={text.transactions.items}>
        <Text size="sm" c="dimmed">
          {text.transactions.noItems}
        </Text>
      </Panel>
    );
  }
  return (
    <Panel title={text.transactions.items}>
      <Table fz="sm" verticalSpacing={4} horizontalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.transactions.sku}</Table.Th>
            <Table.Th>{text.transactions.category}</Table.Th>
            <Table.Th ta="right">{text.transactions.quantity}</Table.Th>
            <Table.Th ta="right">{text.common.amount}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item, place) => (
            <Table.Tr key={`${item.sku} ${place}`}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{item.sku}</Table.Td>
              <Table.Td>{item.category ?? "–"}</Table.Td>
              <Table.Td ta="right">{format.number(item.quantity)}</Table.Td>
              <Table.Td ta="right">{format.money(item.amount, currency)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

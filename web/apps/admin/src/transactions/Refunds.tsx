"use client";

import { Fetched, Moment, useFormat } from "@laurel/ui";
import { Table, Text } from "@mantine/core";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";

const LOOK_AGAIN_MILLISECONDS = 3_000;

/** What of a purchase was given back, and the points it took along. */
export function Refunds({ transactionId }: { transactionId: string }) {
  const text = useText();
  const format = useFormat();
  const refunds = useGet(
    "/api/admin/transactions/{transaction_id}/refunds",
    { path: { transaction_id: transactionId } },
    { everyMilliseconds: LOOK_AGAIN_MILLISECONDS },
  );
  return (
    <Panel title={text.transactions.refunds}>
      <Fetched query={refunds}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm" c="dimmed">
              {text.transactions.noRefunds}
            </Text>
          ) : (
            <Table fz="sm" verticalSpacing={5} horizontalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{text.common.when}</Table.Th>
                  <Table.Th>{text.common.reason}</Table.Th>
                  <Table.Th ta="right">{text.common.amount}</Table.Th>
                  <Table.Th ta="right">{text.transactions.pointsReversed}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.map((refund) => (
                  <Table.Tr key={refund.refund_id}>
                    <Table.Td>
                      <Moment at={refund.refunded_at} />
                    </Table.Td>
                    <Table.Td style={{ overflowWrap: "anywhere" }}>{refund.reason}</Table.Td>
                    <Table.Td ta="right">{format.money(refund.amount, refund.currency)}</Table.Td>
                    <Table.Td ta="right">
                      {refund.points_reversed === null
                        ? text.transactions.working
                        : format.points(refund.points_reversed)}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Fetched>
    </Panel>
  );
}

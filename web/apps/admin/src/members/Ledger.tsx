"use client";

import { type Column, Copyable, DataList, Empty, type Format, Moment, useFormat } from "@laurel/ui";
import { Group, Stack, Table, Text } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { RowLink, shortId } from "@/parts/Links";
import { SignedPoints } from "@/parts/SignedPoints";

type Entry = Schema<"LedgerEntry">;

const ROWS = 50;
const FRESH_MILLISECONDS = 5_000;

/** A member's journal entries, each with its postings: the ledger behind the balance. */
export function Ledger({ memberId }: { memberId: string }) {
  const text = useText();
  const format = useFormat();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/members/{member_id}/ledger",
    { path: { member_id: memberId }, query: { cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: list.cursor ? undefined : FRESH_MILLISECONDS },
  );
  return (
    <DataList
      label={text.members.ledger}
      query={query}
      columns={columns(text, format)}
      idOf={(entry) => String(entry.entry_id)}
      pager={list.pager}
      rowExpansion={(entry) => <Postings entry={entry} />}
      empty={
        <Empty icon={<IconBook2 size={24} />} title={text.members.ledgerNone} detail={text.members.ledgerNoneDetail} />
      }
    />
  );
}

function columns(text: Messages, format: Format): Column<Entry>[] {
  return [
    { accessor: "seq", title: text.members.entry, render: ({ seq }) => `#${format.number(seq)}` },
    {
      accessor: "kind",
      title: text.members.kind,
      render: (entry) => (
        <div>
          <Text size="sm">{text.members.kinds[entry.kind] ?? entry.kind}</Text>
          {entry.reason && (
            <Text size="xs" c="dimmed">
              {entry.reason}
            </Text>
          )}
        </div>
      ),
    },
    {
      accessor: "points",
      title: text.members.change,
      textAlign: "right",
      render: ({ points }) => <SignedPoints points={points} />,
    },
    {
      accessor: "available_after",
      title: text.members.balanceAfter,
      textAlign: "right",
      render: ({ available_after }) => format.points(available_after),
    },
    { accessor: "booked_at", title: text.members.booked, render: ({ booked_at }) => <Moment at={booked_at} /> },
  ];
}

function Postings({ entry }: { entry: Entry }) {
  const text = useText().members;
  const format = useFormat();
  return (
    <Stack p="md" gap="xs" bg="var(--laurel-subtle)">
      <Text size="xs" c="dimmed">
        {text.postings}. {text.postingsSum}
      </Text>
      <Table maw={520} fz="sm" withRowBorders={false} verticalSpacing={2}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.account}</Table.Th>
            <Table.Th ta="right">{text.change}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entry.postings.map(({ account, points }, place) => (
            <Table.Tr key={`${account} ${place}`}>
              <Table.Td>{text.accounts[account] ?? account}</Table.Td>
              <Table.Td ta="right">{format.signedPoints(points)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group gap="lg">
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            {text.source}
          </Text>
          {entry.kind === "earn" ? (
            <RowLink href={`/transactions/${entry.source_id}`}>{shortId(entry.source_id)}</RowLink>
          ) : (
            <Copyable value={entry.source_id} shown={shortId(entry.source_id)} label={text.source} />
          )}
        </Group>
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            {text.event}
          </Text>
          <Copyable value={entry.event_id} shown={shortId(entry.event_id)} label={text.event} />
        </Group>
        {entry.traceparent && (
          <Group gap={6}>
            <Text size="xs" c="dimmed">
              {text.trace}
            </Text>
            <Copyable value={entry.traceparent} shown={entry.traceparent.slice(3, 19)} label={text.trace} />
          </Group>
        )}
      </Group>
    </Stack>
  );
}

"use client";

import { type Column, Copyable, DataList, Empty, Moment } from "@laurel/ui";
import { Code, Group, Stack, Table, Text } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { RowLink, ShortId, shortId } from "@/parts/Links";

type Entry = Schema<"AuditEntry">;

interface Only {
  actor_id?: string;
  subject_kind?: string;
  subject_id?: string;
  action?: string;
}

const ROWS = 50;
const pages: Record<string, string> = {
  member: "/members",
  transaction: "/transactions",
  earning_rule: "/rules",
  reward: "/rewards",
  merchant: "/merchants",
};

/** Changes, of everything or of one thing, each with what it was before and after. */
export function AuditTable({ only }: { only: Only }) {
  const text = useText();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/audit-log",
    { query: { ...only, cursor: list.cursor, limit: ROWS } },
    { keep: true },
  );
  const admins = useGet("/api/admin/admins", { query: { limit: 100 } });
  const names = new Map((admins.data?.data ?? []).map((admin) => [admin.admin_id, admin.name]));
  return (
    <DataList
      label={text.audit.title}
      query={query}
      columns={columns(text, names, only.subject_id === undefined)}
      idOf={(entry) => entry.audit_id}
      pager={list.pager}
      rowExpansion={(entry) => <Change entry={entry} />}
      empty={<Empty icon={<IconListDetails size={24} />} title={text.audit.none} />}
    />
  );
}

function columns(text: Messages, names: Map<string, string>, withSubject: boolean): Column<Entry>[] {
  return [
    { accessor: "at", title: text.common.when, render: ({ at }) => <Moment at={at} /> },
    {
      accessor: "actor_id",
      title: text.audit.who,
      render: ({ actor_kind, actor_id }) => (
        <div>
          <Text size="sm">{names.get(actor_id) ?? (actor_id.length > 30 ? shortId(actor_id) : actor_id)}</Text>
          <Text size="xs" c="dimmed">
            {text.audit.actors[actor_kind]}
          </Text>
        </div>
      ),
    },
    { accessor: "action", title: text.audit.what, render: ({ action }) => <Code>{action}</Code> },
    {
      accessor: "subject_id",
      title: text.audit.subject,
      hidden: !withSubject,
      render: (entry) => <Subject entry={entry} />,
    },
  ];
}

function Subject({ entry: { subject_kind, subject_id } }: { entry: Entry }) {
  const page = pages[subject_kind];
  return (
    <Group gap={6} wrap="nowrap">
      <Text size="sm">{subject_kind}</Text>
      {page ? <RowLink href={`${page}/${subject_id}`}>{shortId(subject_id)}</RowLink> : <ShortId id={subject_id} />}
    </Group>
  );
}

function Change({ entry }: { entry: Entry }) {
  const text = useText().audit;
  const fields = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])];
  return (
    <Stack p="md" gap="xs" bg="var(--laurel-subtle)">
      {fields.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.nothingChanged}
        </Text>
      ) : (
        <Table fz="sm" withRowBorders={false} verticalSpacing={3}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{text.field}</Table.Th>
              <Table.Th>{text.before}</Table.Th>
              <Table.Th>{text.after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {fields.map((field) => (
              <Table.Tr key={field}>
                <Table.Td>{field}</Table.Td>
                <Table.Td>
                  <Value value={entry.before?.[field]} />
                </Table.Td>
                <Table.Td>
                  <Value value={entry.after?.[field]} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Group gap="lg">
        {entry.request_id && <Copyable value={entry.request_id} label={text.request} />}
        {entry.address && (
          <Text size="xs" c="dimmed">
            {text.address} {entry.address}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <>–</>;
  const written = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return <Code style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{written}</Code>;
}

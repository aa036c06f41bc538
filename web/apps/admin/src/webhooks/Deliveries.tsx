"use client";

import { type Column, DataList, Empty, Fetched, type Format, Moment, useFormat } from "@laurel/ui";
import { Button, Code, Group, Stack, Table, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Choice } from "@/parts/Choice";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

type Delivery = Schema<"Delivery">;
type Attempt = Schema<"Attempt">;

const ROWS = 20;
const FRESH_MILLISECONDS = 3_000;
const stale: ["/api/admin/webhooks", "/api/admin/webhook-deliveries/{delivery_id}"] = [
  "/api/admin/webhooks",
  "/api/admin/webhook-deliveries/{delivery_id}",
];

/** What an endpoint was told, with every attempt, and telling it again. */
export function Deliveries({ webhookId, leaving }: { webhookId: string; leaving: boolean }) {
  const text = useText();
  const format = useFormat();
  const list = useListState(["status"]);
  const status = list.filters.status as Delivery["status"] | undefined;
  const query = useGet(
    "/api/admin/webhooks/{webhook_id}/deliveries",
    { path: { webhook_id: webhookId }, query: { status, cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: list.cursor ? undefined : FRESH_MILLISECONDS, enabled: !leaving },
  );
  const { pending, delivered, failed } = text.standing;
  return (
    <Panel
      title={text.webhooks.deliveries}
      detail={text.webhooks.deliveriesDetail}
      actions={
        <Choice
          label={text.common.status}
          none={text.common.any}
          options={{ pending, delivered, failed }}
          value={status}
          onChoose={(chosen) => list.choose("status", chosen)}
        />
      }
    >
      <DataList
        label={text.webhooks.deliveries}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns(text, format)}
        idOf={(delivery) => delivery.delivery_id}
        pager={list.pager}
        rowExpansion={(delivery) => <Log delivery={delivery} />}
        empty={
          <Empty
            icon={<IconSend size={24} />}
            title={status ? text.common.noMatch : text.webhooks.noDeliveries}
            detail={status ? text.common.noMatchDetail : text.webhooks.noDeliveriesDetail}
          />
        }
      />
    </Panel>
  );
}

function columns(text: Messages, format: Format): Column<Delivery>[] {
  return [
    { accessor: "created_at", title: text.common.when, render: ({ created_at }) => <Moment at={created_at} /> },
    { accessor: "event_type", title: text.webhooks.event, render: ({ event_type }) => <Code>{event_type}</Code> },
    {
      accessor: "status",
      title: text.common.status,
      render: ({ status, next_attempt_at }) => (
        <div>
          <StandingBadge standing={status} />
          {next_attempt_at && status === "pending" && (
            <Text size="xs" c="dimmed">
              {text.webhooks.next(format.dateTime(next_attempt_at))}
            </Text>
          )}
        </div>
      ),
    },
    {
      accessor: "attempts",
      title: text.webhooks.attempts,
      textAlign: "right",
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ attempts }) => format.number(attempts),
    },
    {
      accessor: "actions",
      title: text.common.actions,
      render: (delivery) => <Redeliver delivery={delivery} />,
    },
  ];
}

function Redeliver({ delivery: { delivery_id, status } }: { delivery: Delivery }) {
  const text = useText().webhooks;
  const may = useMay();
  const again = useChange(
    () => api.POST("/api/admin/webhook-deliveries/{delivery_id}/redeliver", { params: { path: { delivery_id } } }),
    { stale, said: () => text.redelivered },
  );
  if (status === "pending" || !may("redeliver")) return null;
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={again.isPending}
      onClick={(event) => {
        event.stopPropagation();
        again.mutate(undefined);
      }}
    >
      {text.redeliver}
    </Button>
  );
}

function Log({ delivery: { delivery_id, attempts, status } }: { delivery: Delivery }) {
  const text = useText().webhooks;
  const path = "/api/admin/webhook-deliveries/{delivery_id}";
  const settled = ({ attempts: known, status: then }: Schema<"DeliveryWithLog">) =>
    known === attempts && then === status;
  const query = useGet(path, { path: { delivery_id } }, { everyMilliseconds: FRESH_MILLISECONDS, until: settled });
  return (
    <Stack p="md" gap="xs" bg="var(--laurel-subtle)">
      <Fetched query={query}>
        {({ log, payload }) => (
          <>
            {log.length === 0 ? <Text size="sm">{text.noAttempts}</Text> : <Attempts log={log} />}
            <Text size="xs" c="dimmed">
              {text.payload}
            </Text>
            <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {JSON.stringify(payload, null, 1)}
            </Code>
          </>
        )}
      </Fetched>
    </Stack>
  );
}

function Attempts({ log }: { log: Attempt[] }) {
  const text = useText();
  const format = useFormat();
  return (
    <Table fz="sm" withRowBorders={false} verticalSpacing={3}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{text.webhooks.attempt}</Table.Th>
          <Table.Th>{text.common.when}</Table.Th>
          <Table.Th>{text.webhooks.answer}</Table.Th>
          <Table.Th ta="right">{text.webhooks.took}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {log.map((attempt) => (
          <Table.Tr key={attempt.n}>
            <Table.Td>{format.number(attempt.n)}</Table.Td>
            <Table.Td>
              <Moment at={attempt.at} />
            </Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>
              <Group gap="xs">
                {attempt.status !== null && <Code>HTTP {attempt.status}</Code>}
                {[attempt.error, attempt.answer].filter(Boolean).join(" · ")}
              </Group>
            </Table.Td>
            <Table.Td ta="right">{text.webhooks.milliseconds(format.number(attempt.duration_ms))}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

"use client";

import { type Column, DataList, Empty, type Format, Moment, PageHeader, useFormat } from "@laurel/ui";
import { Button, Text } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { RowLink } from "@/parts/Links";
import { SecretDialog } from "@/parts/SecretDialog";
import { useMay } from "@/session/access";

import { AddWebhook } from "./WebhookDialogs";

type Webhook = Schema<"Webhook">;

const ROWS = 50;

/** Endpoints of others that are told of events. */
export function WebhooksPage() {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const may = useMay();
  const list = useListState([]);
  const [doing, setDoing] = useState<"add" | Schema<"IssuedWebhook"> | null>(null);
  const query = useGet("/api/admin/webhooks", { query: { cursor: list.cursor, limit: ROWS } }, { keep: true });
  const open = ({ webhook_id }: Webhook) => router.push(`/webhooks/${webhook_id}`);
  const add = may("create_webhook") && (
    <Button leftSection={<IconPlus size={17} />} onClick={() => setDoing("add")}>
      {text.webhooks.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.webhooks.title} app={text.common.app} detail={text.webhooks.detail} actions={add} />
      <DataList
        label={text.webhooks.title}
        query={query}
        columns={columns(text, format)}
        idOf={(webhook) => webhook.webhook_id}
        pager={list.pager}
        onOpen={open}
        empty={
          <Empty
            icon={<IconWebhook size={24} />}
            title={text.webhooks.none}
            detail={text.webhooks.noneDetail}
            action={add}
          />
        }
      />
      {doing === "add" && <AddWebhook onClose={() => setDoing(null)} onIssued={setDoing} />}
      {doing !== null && doing !== "add" && (
        <SecretDialog
          title={text.webhooks.secretTitle}
          detail={text.webhooks.secretDetail}
          secret={doing.secret}
          onClose={() => open(doing)}
        />
      )}
    </>
  );
}

function columns(text: Messages, format: Format): Column<Webhook>[] {
  return [
    {
      accessor: "url",
      title: text.webhooks.url,
      render: ({ webhook_id, url, description }) => (
        <div style={{ overflowWrap: "anywhere" }}>
          <RowLink href={`/webhooks/${webhook_id}`}>{url}</RowLink>
          <Text size="xs" c="dimmed">
            {description}
          </Text>
        </div>
      ),
    },
    {
      accessor: "event_types",
      title: text.webhooks.events,
      render: ({ event_types }) =>
        event_types.includes("*") ? text.webhooks.all : text.webhooks.some(format.number(event_types.length)),
    },
    {
      accessor: "active",
      title: text.common.status,
      render: ({ active, failing_since }) => (
        <div>
          <ActiveBadge active={active} />
          {active && failing_since && (
            <Text size="xs" c="dimmed">
              {text.webhooks.failing(format.dateTime(failing_since))}
            </Text>
          )}
        </div>
      ),
    },
    {
      accessor: "created_at",
      title: text.common.created,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ created_at }) => <Moment at={created_at} />,
    },
  ];
}

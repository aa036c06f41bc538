"use client";

import { Copyable, Fetched, Moment, PageHeader } from "@laurel/ui";
import { Alert, Button, Code, Group, Stack, Switch } from "@mantine/core";
import { IconPencil, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";
import { SecretDialog } from "@/parts/SecretDialog";
import { useMay } from "@/session/access";

import { Deliveries } from "./Deliveries";
import { DeleteWebhook, EditWebhook, RotateSecret } from "./WebhookDialogs";

type Webhook = Schema<"Webhook">;

const FRESH_MILLISECONDS = 5_000;
const stale: ["/api/admin/webhooks"] = ["/api/admin/webhooks"];

interface LeavingProps {
  /** Whether it is being deleted: then nothing is asked about it any more. */
  leaving: boolean;
  setLeaving: (leaving: boolean) => void;
}

export function WebhookPage({ id }: { id: string }) {
  const [leaving, setLeaving] = useState(false);
  const webhook = useGet(
    "/api/admin/webhooks/{webhook_id}",
    { path: { webhook_id: id } },
    { everyMilliseconds: FRESH_MILLISECONDS, enabled: !leaving },
  );
  return (
    <Fetched query={webhook}>
      {(webhook) => <Known webhook={webhook} leaving={leaving} setLeaving={setLeaving} />}
    </Fetched>
  );
}

function Known({ webhook, leaving, setLeaving }: LeavingProps & { webhook: Webhook }) {
  const text = useText();
  return (
    <>
      <PageHeader
        title={webhook.url}
        app={text.common.app}
        detail={webhook.description}
        trail={[{ label: text.webhooks.title, href: "/webhooks" }]}
        status={<ActiveBadge active={webhook.active} />}
        actions={<Actions webhook={webhook} setLeaving={setLeaving} />}
      />
      <Stack>
        {webhook.disabled_reason && <Alert color="amber">{text.webhooks.givenUp(webhook.disabled_reason)}</Alert>}
        <Panel title={text.common.details}>
          <Facts
            facts={[
              [text.common.id, <Copyable key="id" value={webhook.webhook_id} />],
              [text.webhooks.events, <Events key="events" types={webhook.event_types} />],
              [text.common.created, <Moment key="created" at={webhook.created_at} />],
              [
                text.webhooks.failingSince,
                webhook.failing_since ? <Moment key="failing" at={webhook.failing_since} /> : text.webhooks.healthy,
              ],
            ]}
          />
          <Active webhook={webhook} />
        </Panel>
        <Deliveries webhookId={webhook.webhook_id} leaving={leaving} />
      </Stack>
    </>
  );
}

function Events({ types }: { types: string[] }) {
  const text = useText().webhooks;
  if (types.includes("*")) return <>{text.all}</>;
  return (
    <Group gap={4}>
      {types.map((type) => (
        <Code key={type}>{type}</Code>
      ))}
    </Group>
  );
}

function Active({ webhook: { webhook_id, active } }: { webhook: Webhook }) {
  const text = useText();
  const may = useMay();
  const change = useChange(
    (body: Schema<"WebhookPatch">) =>
      api.PATCH("/api/admin/webhooks/{webhook_id}", { params: { path: { webhook_id } }, body }),
    { stale, said: () => text.common.saved },
  );
  if (!may("change_webhook")) return null;
  return (
    <Switch
      label={text.common.active}
      description={text.webhooks.activeHint}
      checked={active}
      disabled={change.isPending}
      onChange={(event) => change.mutate({ active: event.currentTarget.checked })}
    />
  );
}

function Actions({ webhook, setLeaving }: Pick<LeavingProps, "setLeaving"> & { webhook: Webhook }) {
  const text = useText().webhooks;
  const may = useMay();
  const [doing, setDoing] = useState<"edit" | "rotate" | "delete" | { secret: string } | null>(null);
  const stop = () => setDoing(null);
  const ping = useChange(
    () => api.POST("/api/admin/webhooks/{webhook_id}/ping", { params: { path: { webhook_id: webhook.webhook_id } } }),
    { stale, said: () => text.pinged },
  );
  if (!may("change_webhook")) return null;
  return (
    <>
      <Button
        leftSection={<IconPlugConnected size={17} />}
        loading={ping.isPending}
        disabled={!webhook.active}
        onClick={() => ping.mutate(undefined)}
      >
        {text.ping}
      </Button>
      <Button variant="default" leftSection={<IconPencil size={17} />} onClick={() => setDoing("edit")}>
        {text.edit}
      </Button>
      <Button variant="default" onClick={() => setDoing("rotate")}>
        {text.rotate}
      </Button>
      <Button variant="default" c="rose" onClick={() => setDoing("delete")}>
        {text.delete}
      </Button>
      {doing === "edit" && <EditWebhook webhook={webhook} onClose={stop} />}
      {doing === "rotate" && <RotateSecret webhook={webhook} onClose={stop} onIssued={setDoing} />}
      {doing === "delete" && <DeleteWebhook webhook={webhook} onClose={stop} onLeaving={setLeaving} />}
      {doing !== null && typeof doing === "object" && (
        <SecretDialog title={text.secretTitle} detail={text.secretDetail} secret={doing.secret} onClose={stop} />
      )}
    </>
  );
}

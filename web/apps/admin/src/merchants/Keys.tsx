"use client";

import { Copyable, Fetched, Moment, ProblemNotice, useFormat } from "@laurel/ui";
import { Badge, Button, Checkbox, Code, Group, Modal, NumberInput, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

type Key = Schema<"MerchantKey">;
type Scope = Key["scopes"][number];
type Doing = { what: "issue" } | { what: "rotate" | "revoke"; key: Key } | { what: "show"; secret: string } | null;

const stale: ["/api/admin/merchants"] = ["/api/admin/merchants"];
const KEYS_SHOWN = 100;
const HOUR_SECONDS = 3_600;

/** A merchant's keys: issued, replaced, revoked. A secret is shown once. */
export function Keys({ merchantId }: { merchantId: string }) {
  const text = useText().merchants;
  const may = useMay();
  const [doing, setDoing] = useState<Doing>(null);
  const stop = () => setDoing(null);
  const show = ({ secret }: Schema<"IssuedKey">) => setDoing({ what: "show", secret });
  const keys = useGet("/api/admin/merchants/{merchant_id}/keys", {
    path: { merchant_id: merchantId },
    query: { limit: KEYS_SHOWN },
  });
  return (
    <Panel
      title={text.keys}
      detail={text.keysDetail}
      actions={
        may("issue_merchant_key") && (
          <Button size="xs" onClick={() => setDoing({ what: "issue" })}>
            {text.issue}
          </Button>
        )
      }
    >
      <Fetched query={keys}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm" c="dimmed">
              {text.noKeys}
            </Text>
          ) : (
            <KeyTable keys={data} onDo={setDoing} />
          )
        }
      </Fetched>
      {doing?.what === "issue" && <IssueDialog merchantId={merchantId} onClose={stop} onIssued={show} />}
      {doing?.what === "rotate" && <RotateDialog merchantKey={doing.key} onClose={stop} onIssued={show} />}
      {doing?.what === "revoke" && <RevokeDialog merchantKey={doing.key} onClose={stop} />}
      {doing?.what === "show" && <SecretDialog secret={doing.secret} onClose={stop} />}
    </Panel>
  );
}

function KeyTable({ keys, onDo }: { keys: Key[]; onDo: (doing: Doing) => void }) {
  const text = useText();
  const may = useMay();
  return (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.merchants.prefix}</Table.Th>
            <Table.Th>{text.merchants.scopes}</Table.Th>
            <Table.Th>{text.common.created}</Table.Th>
            <Table.Th>{text.common.status}</Table.Th>
            <Table.Th>{text.common.actions}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.key_id}>
              <Table.Td>
                <Code>lk_{key.prefix}</Code>
              </Table.Td>
              <Table.Td>{key.scopes.map((scope) => text.merchants.scopeNames[scope]).join(", ")}</Table.Td>
              <Table.Td>
                <Moment at={key.created_at} />
              </Table.Td>
              <Table.Td>
                <KeyStanding merchantKey={key} />
              </Table.Td>
              <Table.Td>
                {key.revoked_at === null && may("rotate_merchant_key") && (
                  <Group gap="xs" wrap="nowrap">
                    <Button size="compact-xs" variant="default" onClick={() => onDo({ what: "rotate", key })}>
                      {text.merchants.rotate}
                    </Button>
                    <Button size="compact-xs" variant="default" onClick={() => onDo({ what: "revoke", key })}>
                      {text.merchants.revoke}
                    </Button>
                  </Group>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function KeyStanding({ merchantKey: { revoked_at } }: { merchantKey: Key }) {
  const text = useText();
  const format = useFormat();
  if (revoked_at === null) return <Badge>{text.common.active}</Badge>;
  const ahead = new Date(revoked_at).getTime() > new Date().getTime();
  return ahead ? (
    <Badge color="amber">{text.merchants.worksUntil(format.dateTime(revoked_at))}</Badge>
  ) : (
    <Badge color="gray">{text.merchants.revoked}</Badge>
  );
}

interface IssueProps {
  merchantId: string;
  onClose: () => void;
  onIssued: (key: Schema<"IssuedKey">) => void;
}

function IssueDialog({ merchantId, onClose, onIssued }: IssueProps) {
  const text = useText();
  const [scopes, setScopes] = useState<string[]>(["transactions:write", "refunds:write"]);
  const issue = useChange(
    (chosen: Scope[]) =>
      api.POST("/api/admin/merchants/{merchant_id}/keys", {
        params: { path: { merchant_id: merchantId } },
        body: { scopes: chosen },
      }),
    { stale, onDone: onIssued },
  );
  return (
    <Modal opened onClose={onClose} title={text.merchants.issueTitle}>
      <Stack>
        {issue.isError && <ProblemNotice error={issue.error} />}
        <Checkbox.Group label={text.merchants.scopes} value={scopes} onChange={setScopes}>
          <Stack gap="xs" mt="xs">
            {Object.entries(text.merchants.scopeNames).map(([scope, name]) => (
              <Checkbox key={scope} value={scope} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {text.common.cancel}
          </Button>
          <Button
            loading={issue.isPending}
            disabled={scopes.length === 0}
            onClick={() => issue.mutate(scopes as Scope[])}
          >
            {text.merchants.issue}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface KeyDialogProps {
  merchantKey: Key;
  onClose: () => void;
}

function RotateDialog({ merchantKey, onClose, onIssued }: KeyDialogProps & Pick<IssueProps, "onIssued">) {
  const text = useText().merchants;
  const [hours, setHours] = useState<number | string>(24);
  const { merchant_id, key_id } = merchantKey;
  const rotate = useChange(
    (overlap_seconds: number) =>
      api.POST("/api/admin/merchants/{merchant_id}/keys/{key_id}/rotate", {
        params: { path: { merchant_id, key_id } },
        body: { overlap_seconds },
      }),
    { stale, onDone: onIssued },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.rotateTitle}
      confirm={text.rotate}
      change={rotate}
      onConfirm={() => rotate.mutate(Number(hours) * HOUR_SECONDS)}
    >
      {text.rotateDetail}
      <NumberInput mt="sm" label={text.overlap} min={0} max={168} value={hours} onChange={setHours} />
    </ConfirmDialog>
  );
}

function RevokeDialog({ merchantKey: { merchant_id, key_id }, onClose }: KeyDialogProps) {
  const text = useText().merchants;
  const revoke = useChange(
    () =>
      api.POST("/api/admin/merchants/{merchant_id}/keys/{key_id}/revoke", {
        params: { path: { merchant_id, key_id } },
      }),
    { stale, said: () => text.revokedDone, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.revokeTitle}
      confirm={text.revoke}
      change={revoke}
      onConfirm={() => revoke.mutate(undefined)}
      grave
    >
      {text.revokeDetail}
    </ConfirmDialog>
  );
}

/** The one time that a secret is seen: it closes by its button only. */
function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const text = useText().merchants;
  return (
    <Modal
      opened
      onClose={onClose}
      title={text.secretTitle}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Text size="sm">{text.secretDetail}</Text>
        <Copyable value={secret} label={text.secretTitle} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{text.secretDone}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

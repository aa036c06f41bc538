"use client";

import { Fetched, Moment } from "@laurel/ui";
import { Button, Checkbox, Code, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";
import { FormDialog } from "@/parts/FormDialog";
import { KeyActions, KeyStanding } from "@/parts/KeyStanding";
import { Panel } from "@/parts/Panel";
import { RotateDialog } from "@/parts/RotateDialog";
import { SecretDialog } from "@/parts/SecretDialog";
import { useMay } from "@/session/access";

type Key = Schema<"MerchantKey">;
type Scope = Key["scopes"][number];
type Doing = { what: "issue" } | { what: "rotate" | "revoke"; key: Key } | { what: "show"; secret: string } | null;

const stale: ["/api/admin/merchants"] = ["/api/admin/merchants"];
const KEYS_SHOWN = 100;

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
      {doing?.what === "rotate" && <RotateKeyDialog merchantKey={doing.key} onClose={stop} onIssued={show} />}
      {doing?.what === "revoke" && <RevokeDialog merchantKey={doing.key} onClose={stop} />}
      {doing?.what === "show" && (
        <SecretDialog title={text.secretTitle} detail={text.secretDetail} secret={doing.secret} onClose={stop} />
      )}
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
                <KeyStanding revoked_at={key.revoked_at} />
              </Table.Td>
              <Table.Td>
                {key.revoked_at === null && may("rotate_merchant_key") && (
                  <KeyActions
                    onRotate={() => onDo({ what: "rotate", key })}
                    onRevoke={() => onDo({ what: "revoke", key })}
                  />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
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
    <FormDialog
      onClose={onClose}
      title={text.merchants.issueTitle}
      submit={text.merchants.issue}
      change={issue}
      disabled={scopes.length === 0}
      onSubmit={(event) => {
        event.preventDefault();
        issue.mutate(scopes as Scope[]);
      }}
    >
      <Checkbox.Group label={text.merchants.scopes} value={scopes} onChange={setScopes}>
        <Stack gap="xs" mt="xs">
          {Object.entries(text.merchants.scopeNames).map(([scope, name]) => (
            <Checkbox key={scope} value={scope} label={name} />
          ))}
        </Stack>
      </Checkbox.Group>
    </FormDialog>
  );
}

interface KeyDialogProps {
  merchantKey: Key;
  onClose: () => void;
}

function RotateKeyDialog({ merchantKey, onClose, onIssued }: KeyDialogProps & Pick<IssueProps, "onIssued">) {
  const text = useText().merchants;
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
    <RotateDialog
      onClose={onClose}
      title={text.rotateTitle}
      detail={text.rotateDetail}
      change={rotate}
      onRotate={rotate.mutate}
    />
  );
}

function RevokeDialog({ merchantKey: { merchant_id, key_id }, onClose }: KeyDialogProps) {
  const text = useText();
  const revoke = useChange(
    () =>
      api.POST("/api/admin/merchants/{merchant_id}/keys/{key_id}/revoke", {
        params: { path: { merchant_id, key_id } },
      }),
    { stale, said: () => text.secrets.revokedDone, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.merchants.revokeTitle}
      confirm={text.secrets.revoke}
      change={revoke}
      onConfirm={() => revoke.mutate(undefined)}
      grave
    >
      {text.merchants.revokeDetail}
    </ConfirmDialog>
  );
}

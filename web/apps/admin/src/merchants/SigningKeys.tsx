"use client";

import { Copyable, Fetched, Moment } from "@laurel/ui";
import { Button, Radio, Stack, Table, Text, Textarea } from "@mantine/core";
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

type Key = Schema<"SigningKey">;
type Made = Schema<"MadeSigningKey">;
type Doing = { what: "add" } | { what: "rotate" | "revoke"; key: Key } | { what: "show"; secret: string } | null;

const stale: ["/api/admin/merchants"] = ["/api/admin/merchants"];
const KEYS_SHOWN = 100;

/** The keys with which a merchant signs receipts: taken on or made, replaced, revoked. */
export function SigningKeys({ merchantId }: { merchantId: string }) {
  const text = useText().signing;
  const may = useMay();
  const [doing, setDoing] = useState<Doing>(null);
  const stop = () => setDoing(null);
  const show = ({ private_key }: Made) =>
    setDoing(private_key ? { what: "show", secret: JSON.stringify(private_key) } : null);
  const keys = useGet("/api/admin/merchants/{merchant_id}/signing-keys", {
    path: { merchant_id: merchantId },
    query: { limit: KEYS_SHOWN },
  });
  const add = may("add_signing_key") && (
    <Button size="xs" onClick={() => setDoing({ what: "add" })}>
      {text.add}
    </Button>
  );
  return (
    <Panel title={text.title} detail={text.detail} actions={add}>
      <Fetched query={keys}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm" c="dimmed">
              {text.none}
            </Text>
          ) : (
            <KeyTable keys={data} onDo={setDoing} />
          )
        }
      </Fetched>
      {doing?.what === "add" && <AddDialog merchantId={merchantId} onClose={stop} onMade={show} />}
      {doing?.what === "rotate" && <Rotate signingKey={doing.key} onClose={stop} onMade={show} />}
      {doing?.what === "revoke" && <Revoke signingKey={doing.key} onClose={stop} />}
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
            <Table.Th>kid</Table.Th>
            <Table.Th>{text.signing.algorithm}</Table.Th>
            <Table.Th>{text.common.created}</Table.Th>
            <Table.Th>{text.common.status}</Table.Th>
            <Table.Th>{text.common.actions}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.key_id}>
              <Table.Td>
                <Copyable value={key.key_id} label="kid" />
              </Table.Td>
              <Table.Td>{key.algorithm}</Table.Td>
              <Table.Td>
                <Moment at={key.created_at} />
              </Table.Td>
              <Table.Td>
                <KeyStanding revoked_at={key.revoked_at} />
              </Table.Td>
              <Table.Td>
                {key.revoked_at === null && may("rotate_signing_key") && (
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

interface AddProps {
  merchantId: string;
  onClose: () => void;
  onMade: (made: Made) => void;
}

/** A pair that is made here, or the public half of one that the merchant keeps. */
function AddDialog({ merchantId, onClose, onMade }: AddProps) {
  const text = useText().signing;
  const [theirs, setTheirs] = useState(false);
  const [jwk, setJwk] = useState("");
  const given = theirs ? publicKeyIn(jwk) : null;
  const add = useChange(
    (public_key: Schema<"PublicJwk"> | null) =>
      api.POST("/api/admin/merchants/{merchant_id}/signing-keys", {
        params: { path: { merchant_id: merchantId } },
        body: { public_key },
      }),
    { stale, said: () => text.added, onDone: onMade },
  );
  return (
    <FormDialog
      onClose={onClose}
      title={text.add}
      submit={text.add}
      change={add}
      disabled={theirs && given === null}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(given);
      }}
    >
      <Radio.Group
        label={text.pair}
        value={theirs ? "theirs" : "ours"}
        onChange={(chosen) => setTheirs(chosen === "theirs")}
      >
        <Stack gap="xs" mt={6}>
          <Radio value="ours" label={text.make} />
          <Radio value="theirs" label={text.take} />
        </Stack>
      </Radio.Group>
      {theirs && (
        <Textarea
          label={text.publicKey}
          description={text.publicKeyHint}
          placeholder='{"kty":"OKP","crv":"Ed25519","x":"…"}'
          error={jwk !== "" && given === null ? text.publicKeyWrong : undefined}
          autosize
          minRows={3}
          value={jwk}
          onChange={(event) => setJwk(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  );
}

/** The public half of a JWK; a private half that was pasted with it stays in the browser. */
function publicKeyIn(written: string): Schema<"PublicJwk"> | null {
  try {
    const { kty, crv, x, y } = JSON.parse(written) as Partial<Schema<"PublicJwk">>;
    return kty && crv && x ? { kty, crv, x, ...(y ? { y } : {}) } : null;
  } catch {
    return null;
  }
}

interface KeyDialogProps {
  signingKey: Key;
  onClose: () => void;
}

function Rotate({ signingKey, onClose, onMade }: KeyDialogProps & Pick<AddProps, "onMade">) {
  const text = useText().signing;
  const { merchant_id, key_id } = signingKey;
  const rotate = useChange(
    (overlap_seconds: number) =>
      api.POST("/api/admin/merchants/{merchant_id}/signing-keys/{key_id}/rotate", {
        params: { path: { merchant_id, key_id } },
        body: { overlap_seconds },
      }),
    { stale, onDone: onMade },
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

function Revoke({ signingKey: { merchant_id, key_id }, onClose }: KeyDialogProps) {
  const text = useText();
  const revoke = useChange(
    () =>
      api.POST("/api/admin/merchants/{merchant_id}/signing-keys/{key_id}/revoke", {
        params: { path: { merchant_id, key_id } },
      }),
    { stale, said: () => text.secrets.revokedDone, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.signing.revokeTitle}
      confirm={text.secrets.revoke}
      change={revoke}
      onConfirm={() => revoke.mutate(undefined)}
      grave
    >
      {text.signing.revokeDetail}
    </ConfirmDialog>
  );
}

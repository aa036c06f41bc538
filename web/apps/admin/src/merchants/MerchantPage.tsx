"use client";

import { Copyable, Fetched, Moment, PageHeader } from "@laurel/ui";
import { Button, Stack, Switch } from "@mantine/core";
import Link from "next/link";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

import { Keys } from "./Keys";
import { SigningKeys } from "./SigningKeys";

type Merchant = Schema<"Merchant">;

export function MerchantPage({ id }: { id: string }) {
  const merchant = useGet("/api/admin/merchants/{merchant_id}", { path: { merchant_id: id } });
  return <Fetched query={merchant}>{(merchant) => <Known merchant={merchant} />}</Fetched>;
}

function Known({ merchant }: { merchant: Merchant }) {
  const text = useText();
  const may = useMay();
  const id = merchant.merchant_id;
  const change = useChange(
    (body: Schema<"MerchantPatch">) =>
      api.PATCH("/api/admin/merchants/{merchant_id}", { params: { path: { merchant_id: id } }, body }),
    { stale: ["/api/admin/merchants"], said: () => text.common.saved },
  );
  return (
    <>
      <PageHeader
        title={merchant.name}
        app={text.common.app}
        trail={[{ label: text.merchants.title, href: "/merchants" }]}
        status={<ActiveBadge active={merchant.active} />}
        actions={
          <Button component={Link} href={`/transactions?merchant=${id}`} variant="default">
            {text.transactions.title}
          </Button>
        }
      />
      <Stack>
        <Panel title={text.common.details}>
          <Facts
            facts={[
              [text.common.id, <Copyable key="id" value={id} />],
              [text.merchants.externalId, merchant.external_id ?? "–"],
              [text.common.created, <Moment key="created" at={merchant.created_at} />],
            ]}
          />
          {may("change_merchant") && (
            <Switch
              label={text.common.active}
              description={text.merchants.activeHint}
              checked={merchant.active}
              disabled={change.isPending}
              onChange={(event) => change.mutate({ active: event.currentTarget.checked })}
            />
          )}
        </Panel>
        <Keys merchantId={id} />
        <SigningKeys merchantId={id} />
      </Stack>
    </>
  );
}

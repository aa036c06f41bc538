"use client";

import { type Column, DataList, Empty, type Format, Moment, useFormat } from "@laurel/ui";
import { Text } from "@mantine/core";
import { IconTimeline } from "@tabler/icons-react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { type Standing, StandingBadge } from "@/parts/Badges";
import { MerchantName, RowLink, shortId } from "@/parts/Links";
import { SignedPoints } from "@/parts/SignedPoints";

import { useTierNames } from "./tiers";

type Entry = Schema<"TimelineEntry">;
type Actor = Schema<"AuditEntry">["actor_kind"];

const ROWS = 50;
const FRESH_MILLISECONDS = 5_000;

/** All that happened with a member, of whatever kind, the last first. */
export function Timeline({ memberId }: { memberId: string }) {
  const text = useText();
  const format = useFormat();
  const tiers = useTierNames();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/members/{member_id}/timeline",
    { path: { member_id: memberId }, query: { cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: list.cursor ? undefined : FRESH_MILLISECONDS },
  );
  return (
    <DataList
      label={text.members.timeline}
      query={query}
      columns={columns(text, format, tiers)}
      idOf={(entry) => `${entry.kind} ${entry.id}`}
      pager={list.pager}
      empty={<Empty icon={<IconTimeline size={24} />} title={text.members.ledgerNone} />}
    />
  );
}

function columns(text: Messages, format: Format, tiers: Record<string, string>): Column<Entry>[] {
  return [
    { accessor: "at", title: text.common.when, render: ({ at }) => <Moment at={at} /> },
    {
      accessor: "kind",
      title: text.members.kind,
      render: (entry) => (
        <div>
          <Text size="sm">{text.members.happened[entry.kind]}</Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: "break-word" }}>
            <Detail entry={entry} />
          </Text>
        </div>
      ),
    },
    {
      accessor: "points",
      title: text.common.points,
      textAlign: "right",
      render: ({ points }) => points !== null && <SignedPoints points={points} />,
    },
    {
      accessor: "amount",
      title: text.common.amount,
      textAlign: "right",
      render: ({ amount, currency }) => amount && currency && format.money(amount, currency),
    },
    { accessor: "status", title: text.common.status, render: (entry) => <Status entry={entry} tiers={tiers} /> },
    {
      accessor: "merchant_id",
      title: text.transactions.merchant,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ merchant_id }) => merchant_id && <MerchantName id={merchant_id} />,
    },
  ];
}

function Detail({ entry: { kind, id, detail } }: { entry: Entry }) {
  if (kind === "purchase") return <RowLink href={`/transactions/${id}`}>{detail ?? shortId(id)}</RowLink>;
  return detail;
}

/** How it stands: of a change, who made it; of another tier, which. */
function Status({ entry: { kind, status }, tiers }: { entry: Entry; tiers: Record<string, string> }) {
  const { actors } = useText().audit;
  if (status === null) return null;
  if (kind === "change") return actors[status as Actor];
  if (kind === "tier_change") return tiers[status] ?? status;
  return <StandingBadge standing={status as Standing} />;
}

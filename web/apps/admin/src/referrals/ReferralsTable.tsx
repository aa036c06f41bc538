"use client";

import { type Column, DataList, Empty, Moment } from "@laurel/ui";
import { IconUserShare } from "@tabler/icons-react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { MemberLink, RowLink, shortId } from "@/parts/Links";

type Referral = Schema<"Referral">;

interface Only {
  referrer_id?: string;
  status?: Referral["status"];
}

const ROWS = 50;

/** Who brought whom: everybody, or the friends of one member. */
export function ReferralsTable({ only }: { only: Only }) {
  const text = useText();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/referrals",
    { query: { ...only, cursor: list.cursor, limit: ROWS } },
    { keep: true },
  );
  return (
    <DataList
      label={text.referrals.title}
      query={query}
      columns={columns(text, only.referrer_id === undefined)}
      idOf={(referral) => referral.referred_id}
      pager={list.pager}
      empty={
        <Empty
          icon={<IconUserShare size={24} />}
          title={only.status ? text.common.noMatch : text.referrals.none}
          detail={only.status ? text.common.noMatchDetail : text.referrals.noneDetail}
        />
      }
    />
  );
}

function columns(text: Messages, withReferrer: boolean): Column<Referral>[] {
  return [
    {
      accessor: "referred_id",
      title: text.referrals.friend,
      render: ({ referred_id }) => <MemberLink id={referred_id} />,
    },
    {
      accessor: "referrer_id",
      title: text.referrals.broughtBy,
      hidden: !withReferrer,
      render: ({ referrer_id }) => <MemberLink id={referrer_id} />,
    },
    { accessor: "status", title: text.common.status, render: ({ status }) => <StandingBadge standing={status} /> },
    { accessor: "referred_at", title: text.members.joined, render: ({ referred_at }) => <Moment at={referred_at} /> },
    {
      accessor: "transaction_id",
      title: text.referrals.purchase,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ transaction_id }) =>
        transaction_id ? <RowLink href={`/transactions/${transaction_id}`}>{shortId(transaction_id)}</RowLink> : "–",
    },
    {
      accessor: "settled_at",
      title: text.referrals.settled,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ settled_at }) => (settled_at ? <Moment at={settled_at} /> : "–"),
    },
  ];
}

"use client";

import { type Column, DataList, Empty, type Format, Moment, useFormat } from "@laurel/ui";
import { Text } from "@mantine/core";
import { IconReceipt2 } from "@tabler/icons-react";
import { useRouter } from "next/navigation";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { MemberLink, MerchantName, RowLink, shortId } from "@/parts/Links";

type Transaction = Schema<"Transaction">;

interface Only {
  member_id?: string;
  merchant_id?: string;
  external_id?: string;
  status?: "recorded" | "awarded";
}

const ROWS = 50;

/** Purchases, of all members or of one. */
export function TransactionsTable({ only }: { only: Only }) {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/transactions",
    { query: { ...only, cursor: list.cursor, limit: ROWS } },
    { keep: true },
  );
  const filtered = Boolean(only.merchant_id ?? only.external_id ?? only.status);
  return (
    <DataList
      label={text.transactions.title}
      query={query}
      columns={columns(text, format, only.member_id === undefined)}
      idOf={(row) => row.transaction_id}
      pager={list.pager}
      onOpen={(row) => router.push(`/transactions/${row.transaction_id}`)}
      empty={
        <Empty
          icon={<IconReceipt2 size={24} />}
          title={filtered ? text.common.noMatch : text.transactions.none}
          detail={filtered ? text.common.noMatchDetail : text.transactions.noneDetail}
        />
      }
    />
  );
}

function columns(text: Messages, format: Format, withMember: boolean): Column<Transaction>[] {
  return [
    {
      accessor: "occurred_at",
      title: text.transactions.occurred,
      noWrap: true,
      render: ({ transaction_id, occurred_at }) => (
        <RowLink href={`/transactions/${transaction_id}`}>{format.dateTime(occurred_at)}</RowLink>
      ),
    },
    {
      accessor: "member_id",
      title: text.common.member,
      hidden: !withMember,
      render: ({ member_id }) => <MemberLink id={member_id} />,
    },
    {
      accessor: "amount",
      title: text.common.amount,
      textAlign: "right",
      render: ({ amount, currency }) => format.money(amount, currency),
    },
    {
      accessor: "points_awarded",
      title: text.common.points,
      textAlign: "right",
      render: ({ points_awarded }) =>
        points_awarded === null ? (
          <Text size="sm" c="dimmed">
            {text.transactions.working}
          </Text>
        ) : (
          format.points(points_awarded)
        ),
    },
    {
      accessor: "status",
      title: text.common.status,
      render: ({ status }) => <StandingBadge standing={status} />,
    },
    {
      accessor: "merchant_id",
      title: text.transactions.merchant,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ merchant_id }) => <MerchantName id={merchant_id} />,
    },
    {
      accessor: "external_id",
      title: text.transactions.externalId,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ external_id, transaction_id }) => external_id ?? shortId(transaction_id),
    },
    {
      accessor: "recorded_at",
      title: text.transactions.recorded,
      visibleMediaQuery: "(min-width: 75em)",
      render: ({ recorded_at }) => <Moment at={recorded_at} relative />,
    },
  ];
}

"use client";

import { PageHeader } from "@laurel/ui";
import { Group } from "@mantine/core";

import { useGet } from "@/api/queries";
import { SearchBox } from "@/list/SearchBox";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { Choice } from "@/parts/Choice";

import { TransactionsTable } from "./TransactionsTable";

const MERCHANTS_OFFERED = 100;

export function TransactionsPage() {
  const text = useText();
  const { filters, choose } = useListState(["receipt", "merchant", "status"]);
  const merchants = useGet("/api/admin/merchants", { query: { limit: MERCHANTS_OFFERED } });
  const names = Object.fromEntries((merchants.data?.data ?? []).map(({ merchant_id, name }) => [merchant_id, name]));
  const { recorded, awarded } = text.standing;
  return (
    <>
      <PageHeader title={text.transactions.title} app={text.common.app} detail={text.transactions.detail} />
      <Group mb="sm" gap="sm">
        <SearchBox
          label={text.transactions.search}
          clearLabel={text.common.clearSearch}
          value={filters.receipt}
          onSearch={(words) => choose("receipt", words)}
        />
        <Choice
          label={text.transactions.merchant}
          none={text.common.any}
          options={names}
          value={filters.merchant}
          onChoose={(chosen) => choose("merchant", chosen)}
        />
        <Choice
          label={text.common.status}
          none={text.common.any}
          options={{ recorded, awarded }}
          value={filters.status}
          onChoose={(chosen) => choose("status", chosen)}
        />
      </Group>
      <TransactionsTable
        only={{
          external_id: filters.receipt,
          merchant_id: filters.merchant,
          status: filters.status as "recorded" | "awarded" | undefined,
        }}
      />
    </>
  );
}

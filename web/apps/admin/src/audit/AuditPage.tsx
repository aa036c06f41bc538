"use client";

import { PageHeader } from "@laurel/ui";
import { Group } from "@mantine/core";

import { useGet } from "@/api/queries";
import { SearchBox } from "@/list/SearchBox";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { Choice } from "@/parts/Choice";

import { AuditTable } from "./AuditTable";

export function AuditPage() {
  const text = useText();
  const { filters, choose } = useListState(["action", "who"]);
  const admins = useGet("/api/admin/admins", { query: { limit: 100 } });
  const names = Object.fromEntries((admins.data?.data ?? []).map(({ admin_id, name }) => [admin_id, name]));
  return (
    <>
      <PageHeader title={text.audit.title} app={text.common.app} detail={text.audit.detail} />
      <Group mb="sm" gap="sm">
        <SearchBox
          label={text.audit.action}
          placeholder={text.audit.actionHint}
          clearLabel={text.common.clearSearch}
          value={filters.action}
          onSearch={(words) => choose("action", words)}
        />
        <Choice
          label={text.audit.who}
          none={text.common.any}
          options={names}
          value={filters.who}
          onChoose={(chosen) => choose("who", chosen)}
        />
      </Group>
      <AuditTable only={{ action: filters.action, actor_id: filters.who }} />
    </>
  );
}

"use client";

import { type Column, DataList, Moment, PageHeader } from "@laurel/ui";
import { Badge, Button, Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { useMay, useMe } from "@/session/access";

import { AddAdmin, ChangeAdmin } from "./AdminDialogs";

type Admin = Schema<"Admin">;

const ROWS = 50;

export function AdminsPage() {
  const text = useText();
  const may = useMay();
  const me = useMe();
  const list = useListState([]);
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Admin | null>(null);
  const query = useGet("/api/admin/admins", { query: { cursor: list.cursor, limit: ROWS } }, { keep: true });
  const columns: Column<Admin>[] = [
    {
      accessor: "name",
      title: text.common.name,
      render: ({ name, email, admin_id }) => (
        <div>
          <Group gap={6}>
            <Text size="sm" fw={550}>
              {name}
            </Text>
            {admin_id === me.admin_id && <Badge color="gray">{text.admins.you}</Badge>}
          </Group>
          <Text size="xs" c="dimmed">
            {email}
          </Text>
        </div>
      ),
    },
    { accessor: "role", title: text.admins.role, render: ({ role }) => text.console.roles[role] },
    { accessor: "active", title: text.common.status, render: ({ active }) => <ActiveBadge active={active} /> },
    {
      accessor: "created_at",
      title: text.common.created,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ created_at }) => <Moment at={created_at} />,
    },
    {
      accessor: "actions",
      title: text.common.actions,
      hidden: !may("change_admin"),
      render: (admin) => (
        <Button size="compact-xs" variant="default" onClick={() => setChanging(admin)}>
          {text.admins.edit}
        </Button>
      ),
    },
  ];
  return (
    <>
      <PageHeader
        title={text.admins.title}
        app={text.common.app}
        detail={text.admins.detail}
        actions={
          may("create_admin") && (
            <Button leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
              {text.admins.add}
            </Button>
          )
        }
      />
      <DataList
        label={text.admins.title}
        query={query}
        columns={columns}
        idOf={(admin) => admin.admin_id}
        pager={list.pager}
      />
      {adding && <AddAdmin onClose={() => setAdding(false)} />}
      {changing && <ChangeAdmin admin={changing} onClose={() => setChanging(null)} />}
    </>
  );
}

"use client";

import { problemOf } from "@laurel/api-client";
import { type Column, DataList, Empty, fieldErrors, Moment, PageHeader } from "@laurel/ui";
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconBuildingStore, IconPlus } from "@tabler/icons-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { ActiveBadge } from "@/parts/Badges";
import { FormDialog } from "@/parts/FormDialog";
import { RowLink } from "@/parts/Links";
import { useMay } from "@/session/access";

type Merchant = Schema<"Merchant">;

const ROWS = 50;

export function MerchantsPage() {
  const text = useText();
  const router = useRouter();
  const may = useMay();
  const list = useListState([]);
  const [adding, setAdding] = useState(false);
  const query = useGet("/api/admin/merchants", { query: { cursor: list.cursor, limit: ROWS } }, { keep: true });
  const add = may("create_merchant") && (
    <Button leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
      {text.merchants.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.merchants.title} app={text.common.app} detail={text.merchants.detail} actions={add} />
      <DataList
        label={text.merchants.title}
        query={query}
        columns={columns(text)}
        idOf={(merchant) => merchant.merchant_id}
        pager={list.pager}
        onOpen={(merchant) => router.push(`/merchants/${merchant.merchant_id}`)}
        empty={
          <Empty
            icon={<IconBuildingStore size={24} />}
            title={text.merchants.none}
            detail={text.merchants.noneDetail}
            action={add}
          />
        }
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function columns(text: Messages): Column<Merchant>[] {
  return [
    {
      accessor: "name",
      title: text.merchants.one,
      render: ({ merchant_id, name }) => <RowLink href={`/merchants/${merchant_id}`}>{name}</RowLink>,
    },
    { accessor: "external_id", title: text.merchants.externalId, render: ({ external_id }) => external_id ?? "–" },
    { accessor: "active", title: text.common.status, render: ({ active }) => <ActiveBadge active={active} /> },
    {
      accessor: "created_at",
      title: text.common.created,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ created_at }) => <Moment at={created_at} />,
    },
  ];
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const router = useRouter();
  const form = useForm({ initialValues: { name: "", external_id: "" } });
  const add = useChange(
    (given: typeof form.values) =>
      api.POST("/api/admin/merchants", { body: { name: given.name, external_id: given.external_id || null } }),
    {
      stale: ["/api/admin/merchants"],
      said: () => text.merchants.added,
      onDone: ({ merchant_id }) => router.push(`/merchants/${merchant_id}`),
    },
  );
  const send = (given: typeof form.values) =>
    add.mutate(given, { onError: (error) => form.setErrors(fieldErrors(problemOf(error))) });
  return (
    <FormDialog
      onClose={onClose}
      title={text.merchants.add}
      submit={text.merchants.add}
      change={add}
      onSubmit={form.onSubmit(send)}
    >
      <TextInput label={text.common.name} required maxLength={200} data-autofocus {...form.getInputProps("name")} />
      <TextInput label={text.merchants.externalId} maxLength={200} {...form.getInputProps("external_id")} />
    </FormDialog>
  );
}

"use client";

import { Anchor, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";

import { useGet } from "@/api/queries";

import { memberNameOf } from "./memberNames";

const MINUTE = 60_000;

/** A link within a table: it opens the row by keyboard, too. */
export function RowLink({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <Anchor component={Link} href={href} size="sm" fw={550} onClick={(event) => event.stopPropagation()}>
      {children}
    </Anchor>
  );
}

/** A member by name once it is known, by the end of the id until then. */
export function MemberLink({ id }: { id: string }) {
  const name = useQuery({ queryKey: ["name of member", id], queryFn: () => memberNameOf(id), staleTime: MINUTE });
  return <RowLink href={`/members/${id}`}>{name.data ?? shortId(id)}</RowLink>;
}

/** A merchant by name. All are known after one request, unless there are very many. */
export function MerchantName({ id }: { id: string }) {
  const merchants = useGet("/api/admin/merchants", { query: { limit: 100 } });
  const known = merchants.data?.data.find((merchant) => merchant.merchant_id === id);
  return <>{known?.name ?? shortId(id)}</>;
}

/** The end of an id: it differs where the beginning, which is a time, does not. */
export function ShortId({ id }: { id: string }) {
  return (
    <Tooltip label={id}>
      <Text span inherit ff="monospace">
        {shortId(id)}
      </Text>
    </Tooltip>
  );
}

export const shortId = (id: string) => `…${id.slice(-8)}`;

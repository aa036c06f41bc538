"use client";

import { type Column, DataList, Empty, type Format, Moment, PageHeader, useFormat } from "@laurel/ui";
import { Button, Group, Text } from "@mantine/core";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useRouter } from "next/navigation";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { SearchBox } from "@/list/SearchBox";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Choice } from "@/parts/Choice";
import { RowLink } from "@/parts/Links";
import { useMay } from "@/session/access";

import { EnrolDialog } from "./EnrolDialog";
import { useTierNames } from "./tiers";

type Member = Schema<"Member">;
type Status = Member["status"];

const ROWS = 50;

/** Members found as one types. Only a page of them ever leaves the server, however many there are. */
export function MembersPage() {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const may = useMay();
  const tiers = useTierNames();
  const list = useListState(["search", "status", "tier", "new"]);
  const { search, tier } = list.filters;
  const status = list.filters.status as Status | undefined;
  const query = useGet(
    "/api/admin/members",
    { query: { search, status, tier_code: tier, cursor: list.cursor, limit: ROWS } },
    { keep: true },
  );
  const { active, suspended, erased } = text.standing;
  const enrol = may("create_member") && (
    <Button leftSection={<IconUserPlus size={17} />} onClick={() => list.choose("new", "1")}>
      {text.members.enrol}
    </Button>
  );
  const filtered = Boolean(search ?? status ?? tier);
  return (
    <>
      <PageHeader title={text.members.title} app={text.common.app} detail={text.members.detail} actions={enrol} />
      <Group mb="sm" gap="sm">
        <SearchBox
          label={text.members.search}
          clearLabel={text.common.clearSearch}
          value={search}
          onSearch={(words) => list.choose("search", words)}
        />
        <Choice
          label={text.members.status}
          none={text.common.any}
          options={{ active, suspended, erased }}
          value={status}
          onChoose={(chosen) => list.choose("status", chosen)}
        />
        <Choice
          label={text.members.tier}
          none={text.common.any}
          options={tiers}
          value={tier}
          onChoose={(chosen) => list.choose("tier", chosen)}
        />
      </Group>
      <DataList
        label={text.members.title}
        query={query}
        columns={columns(text, format, tiers)}
        idOf={(member) => member.member_id}
        pager={list.pager}
        onOpen={(member) => router.push(`/members/${member.member_id}`)}
        empty={
          filtered ? (
            <Empty icon={<IconUsers size={24} />} title={text.common.noMatch} detail={text.common.noMatchDetail} />
          ) : (
            <Empty
              icon={<IconUsers size={24} />}
              title={text.members.none}
              detail={text.members.noneDetail}
              action={enrol}
            />
          )
        }
      />
      {may("create_member") && (
        <EnrolDialog opened={list.filters.new === "1"} onClose={() => list.choose("new", undefined)} />
      )}
    </>
  );
}

function columns(text: Messages, format: Format, tiers: Record<string, string>): Column<Member>[] {
  return [
    {
      accessor: "name",
      title: text.common.member,
      render: (member) => (
        <div>
          <RowLink href={`/members/${member.member_id}`}>{memberName(member, text)}</RowLink>
          <Text size="xs" c="dimmed" truncate maw={320}>
            {[member.email, member.external_id].filter(Boolean).join(" · ")}
          </Text>
        </div>
      ),
    },
    { accessor: "tier_code", title: text.members.tier, render: ({ tier_code }) => tiers[tier_code] ?? tier_code },
    {
      accessor: "points.available",
      title: text.members.available,
      textAlign: "right",
      render: ({ points }) => format.points(points.available),
    },
    {
      accessor: "points.lifetime_earned",
      title: text.members.lifetimeEarned,
      textAlign: "right",
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ points }) => format.points(points.lifetime_earned),
    },
    {
      accessor: "status",
      title: text.members.status,
      render: ({ status }) => <StandingBadge standing={status} />,
    },
    {
      accessor: "created_at",
      title: text.members.joined,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ created_at }) => <Moment at={created_at} />,
    },
  ];
}

/** What to call a member. */
export function memberName(member: Member, text: Messages): string {
  return member.name ?? member.email ?? member.external_id ?? text.members.nameless;
}

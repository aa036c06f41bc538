"use client";

import { type Column, DataList, Empty, type Format, Moment, PageHeader, useFormat } from "@laurel/ui";
import { Button, Group, Text } from "@mantine/core";
import { IconPlus, IconScale } from "@tabler/icons-react";
import Link from "next/link";
import { useRouter } from "next/navigation";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Choice } from "@/parts/Choice";
import { RowLink } from "@/parts/Links";
import { useMay } from "@/session/access";

import { sentence } from "./reading";
import { useReader } from "./useReader";

type Rule = Schema<"ListedRule">;

const ROWS = 50;

export function RulesPage() {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const may = useMay();
  const list = useListState(["status"]);
  const status = list.filters.status as Rule["status"] | undefined;
  const query = useGet(
    "/api/admin/earning-rules",
    { query: { status, cursor: list.cursor, limit: ROWS } },
    { keep: true },
  );
  const { draft, shadow, active, retired } = text.standing;
  const begin = may("create_rule") && (
    <Button component={Link} href="/rules/new" leftSection={<IconPlus size={17} />}>
      {text.rules.draft}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.rules.title} app={text.common.app} detail={text.rules.detail} actions={begin} />
      <Group mb="sm">
        <Choice
          label={text.common.status}
          none={text.common.any}
          options={{ active, draft, shadow, retired }}
          value={status}
          onChoose={(chosen) => list.choose("status", chosen)}
        />
      </Group>
      <DataList
        label={text.rules.title}
        query={query}
        columns={columns(text, format)}
        idOf={(rule) => rule.rule_id}
        pager={list.pager}
        onOpen={(rule) => router.push(`/rules/${rule.rule_id}`)}
        empty={
          <Empty
            icon={<IconScale size={24} />}
            title={status ? text.common.noMatch : text.rules.none}
            detail={status ? text.common.noMatchDetail : text.rules.noneDetail}
            action={!status && begin}
          />
        }
      />
    </>
  );
}

function columns(text: Messages, format: Format): Column<Rule>[] {
  return [
    {
      accessor: "name",
      title: text.rules.name,
      render: (rule) => (
        <div>
          <RowLink href={`/rules/${rule.rule_id}`}>{rule.name}</RowLink>
          <Reading {...rule} />
        </div>
      ),
    },
    {
      accessor: "status",
      title: text.common.status,
      render: ({ status, scheduled_version, scheduled_at }) => (
        <div>
          <StandingBadge standing={status} />
          {scheduled_version && scheduled_at && (
            <Text size="xs" c="dimmed">
              {text.rules.scheduled(format.number(scheduled_version), format.dateTime(scheduled_at))}
            </Text>
          )}
        </div>
      ),
    },
    {
      accessor: "latest_version",
      title: text.rules.latest,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ latest_version }) => text.rules.version(format.number(latest_version)),
    },
    {
      accessor: "created_at",
      title: text.common.created,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ created_at }) => <Moment at={created_at} />,
    },
  ];
}

/** What the rule says, by the version in force or else the latest. */
function Reading({ definition }: Rule) {
  const reader = useReader();
  return (
    <Text size="xs" c="dimmed" maw={640}>
      {sentence(definition, reader)}
    </Text>
  );
}

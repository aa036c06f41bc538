"use client";

import { type Column, DataList, Empty, type Format, Moment, PageHeader, useFormat } from "@laurel/ui";
import { Button, Progress } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import Link from "next/link";
import { useRouter } from "next/navigation";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { RowLink } from "@/parts/Links";
import { useMay } from "@/session/access";

type Replay = Schema<"Replay">;

const ROWS = 50;
const FRESH_MILLISECONDS = 3_000;

export function ReplaysPage() {
  const text = useText();
  const format = useFormat();
  const router = useRouter();
  const may = useMay();
  const list = useListState([]);
  const query = useGet(
    "/api/admin/earning-rules/replays",
    { query: { cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: FRESH_MILLISECONDS },
  );
  const begin = may("request_replay") && (
    <Button component={Link} href="/replays/new" leftSection={<IconHistory size={17} />}>
      {text.replays.begin}
    </Button>
  );
  return (
    <>
      <PageHeader title={text.replays.title} app={text.common.app} detail={text.replays.detail} actions={begin} />
      <DataList
        label={text.replays.title}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns(text, format)}
        idOf={(replay) => replay.replay_id}
        pager={list.pager}
        onOpen={(replay) => router.push(`/replays/${replay.replay_id}`)}
        empty={
          <Empty
            icon={<IconHistory size={24} />}
            title={text.replays.none}
            detail={text.replays.noneDetail}
            action={begin}
          />
        }
      />
    </>
  );
}

function columns(text: Messages, format: Format): Column<Replay>[] {
  return [
    {
      accessor: "requested_at",
      title: text.replays.asked,
      render: (replay) => (
        <RowLink href={`/replays/${replay.replay_id}`}>{format.dateTime(replay.requested_at)}</RowLink>
      ),
    },
    {
      accessor: "status",
      title: text.common.status,
      render: ({ status }) => <StandingBadge standing={status} />,
    },
    {
      accessor: "purchases_done",
      title: text.replays.purchases,
      render: ({ purchases_done, purchases_total, status }) => (
        <>
          {text.replays.progress(format.number(purchases_done), format.number(purchases_total ?? 0))}
          {status === "running" && purchases_total ? (
            <Progress value={(100 * purchases_done) / purchases_total} size="sm" aria-label={text.replays.purchases} />
          ) : null}
        </>
      ),
    },
    {
      accessor: "rules",
      title: text.replays.rules,
      visibleMediaQuery: "(min-width: 48em)",
      render: ({ rules }) => rules.map(({ name }) => name).join(", "),
      ellipsis: true,
    },
    {
      accessor: "finished_at",
      title: text.redemptions.decided,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ finished_at }) => <Moment at={finished_at} relative />,
    },
  ];
}

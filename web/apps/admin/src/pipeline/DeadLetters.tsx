"use client";

import { type Column, DataList, Empty, Moment } from "@laurel/ui";
import { Code, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconMailOff } from "@tabler/icons-react";

import { api, type Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { usePolling } from "@/live/live";
import { type Messages, useText } from "@/messages";
import { MemberLink } from "@/parts/Links";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

import { Unstick } from "./Unstick";

type Letter = Schema<"DeadLetter">;

const ROWS = 20;
const FRESH_MILLISECONDS = 5_000;
const stale: ["/api/admin/dead-letters", "/api/admin/pipeline"] = ["/api/admin/dead-letters", "/api/admin/pipeline"];

/** Events that the worker could not handle: look at them, send them again, or leave them for good. */
export function DeadLetters() {
  const text = useText();
  const list = useListState(["dead"]);
  const status = list.filters.dead === "resolved" ? "resolved" : "open";
  const query = useGet(
    "/api/admin/dead-letters",
    { query: { status, cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: usePolling(FRESH_MILLISECONDS) },
  );
  return (
    <Panel
      title={text.pipeline.deadTitle}
      detail={text.pipeline.deadDetail}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={text.common.status}
          data={[
            { value: "open", label: text.pipeline.open },
            { value: "resolved", label: text.pipeline.resolved },
          ]}
          value={status}
          onChange={(chosen) => list.choose("dead", chosen)}
        />
      }
    >
      <DataList
        label={text.pipeline.deadTitle}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns(text)}
        idOf={(letter) => letter.dead_letter_id}
        pager={list.pager}
        rowExpansion={(letter) => <Letter letter={letter} />}
        empty={
          <Empty
            icon={<IconMailOff size={24} />}
            title={text.pipeline.deadNone}
            detail={text.pipeline.deadNoneDetail}
          />
        }
      />
    </Panel>
  );
}

function columns(text: Messages): Column<Letter>[] {
  return [
    { accessor: "created_at", title: text.pipeline.came, render: ({ created_at }) => <Moment at={created_at} /> },
    { accessor: "topic", title: text.pipeline.topic },
    {
      accessor: "key",
      title: text.common.member,
      render: ({ key }) => (key && UUID.test(key) ? <MemberLink id={key} /> : (key ?? "–")),
    },
    { accessor: "error_kind", title: text.pipeline.error, render: ({ error_kind }) => <Code>{error_kind}</Code> },
    {
      accessor: "actions",
      title: text.common.actions,
      render: (letter) =>
        letter.resolution ? text.pipeline.resolutions[letter.resolution] : <Actions letter={letter} />,
    },
  ];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function Actions({ letter: { dead_letter_id } }: { letter: Letter }) {
  const text = useText().pipeline;
  const may = useMay();
  const params = { path: { dead_letter_id } };
  if (!may("requeue_dead_letter")) return null;
  return (
    <Unstick
      stale={stale}
      again={{
        label: text.requeue,
        send: () => api.POST("/api/admin/dead-letters/{dead_letter_id}/requeue", { params }),
        said: text.requeued,
      }}
      skip={{
        label: text.skip,
        send: () => api.POST("/api/admin/dead-letters/{dead_letter_id}/skip", { params }),
        said: text.skipped,
        title: text.skipTitle,
        detail: text.skipDetail,
      }}
    />
  );
}

function Letter({ letter }: { letter: Letter }) {
  const text = useText().pipeline;
  return (
    <Stack p="md" gap="xs" bg="var(--laurel-subtle)">
      <Text size="sm">{letter.error}</Text>
      <Text size="xs" c="dimmed">
        {text.payload} {letter.topic} {letter.partition}:{letter.record_offset} {letter.event_id}
      </Text>
      <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {letter.payload ?? "–"}
      </Code>
    </Stack>
  );
}

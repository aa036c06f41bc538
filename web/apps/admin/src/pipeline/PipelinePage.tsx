"use client";

import { Fetched, Figure, type Format, PageHeader, useFormat } from "@laurel/ui";
import { ChartFigure, Lines } from "@laurel/ui/charts";
import { Alert, SimpleGrid, Stack, Table } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { usePolling } from "@/live/live";
import { type Messages, useText } from "@/messages";
import { Panel } from "@/parts/Panel";

import { DeadLetters } from "./DeadLetters";
import { ParkedKeys } from "./ParkedKeys";
import { type Sample, useHistory } from "./useHistory";

type Pipeline = Schema<"Pipeline">;

const EVERY_MILLISECONDS = 2_000;

/** Where events are on their way, live, and those that could not go on. */
export function PipelinePage() {
  const text = useText();
  const pipeline = useGet("/api/admin/pipeline", undefined, { everyMilliseconds: usePolling(EVERY_MILLISECONDS) });
  const history = useHistory(pipeline.data);
  return (
    <>
      <PageHeader title={text.pipeline.title} app={text.common.app} detail={text.pipeline.detail} />
      <Stack>
        <Fetched query={pipeline}>{(now) => <Now now={now} />}</Fetched>
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <Waiting history={history} />
          {pipeline.data && <ByTopic consumers={pipeline.data.consumers} />}
        </SimpleGrid>
        <DeadLetters />
        <ParkedKeys />
      </Stack>
    </>
  );
}

function Now({ now }: { now: Pipeline }) {
  const text = useText();
  const format = useFormat();
  const { outbox } = now;
  return (
    <>
      {outbox.leader === null && <Alert color="amber">{text.pipeline.noLeaderDetail}</Alert>}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        {figures(now, text, format).map(([label, value, detail]) => (
          <Figure key={label} label={label} value={value} detail={detail} />
        ))}
      </SimpleGrid>
    </>
  );
}

function figures(
  { outbox, consumers, dead_letters, unawarded_transactions, pending_redemptions }: Pipeline,
  { pipeline: text }: Messages,
  format: Format,
): [string, string, string?][] {
  const age = outbox.oldest_unpublished_age_seconds;
  const events = (count: number) => text.backlogValue(format.number(count));
  return [
    [text.backlog, events(outbox.backlog_rows), age === null ? text.nothingWaits : text.oldest(format.duration(age))],
    [text.rate, text.rateValue(format.decimal(outbox.rows_per_second.toFixed(1)))],
    [
      text.lag,
      consumers.lag_events === null ? text.lagUnknown : events(consumers.lag_events),
      consumers.known ? undefined : text.lagUnknownDetail,
    ],
    [
      text.leader,
      outbox.leader?.application ?? text.noLeader,
      outbox.leader ? text.leaderSince(format.dateTime(outbox.leader.since)) : undefined,
    ],
    [text.unawarded, format.number(unawarded_transactions)],
    [text.pendingRedemptions, format.number(pending_redemptions)],
    [text.deadLetters, format.number(dead_letters.open)],
    [text.parked, format.number(outbox.parked_keys), text.events(format.number(outbox.parked_rows))],
  ];
}

function Waiting({ history }: { history: Sample[] }) {
  const text = useText();
  const format = useFormat();
  const told = (count: number) => text.pipeline.events(format.number(count));
  return (
    <ChartFigure
      title={text.pipeline.chart}
      detail={text.pipeline.chartDetail}
      query={{ data: history.length > 0 ? history : undefined, error: null, refetch: () => null }}
      table={(samples) => ({
        head: [text.common.when, text.pipeline.inOutbox, text.pipeline.forWorker],
        rows: samples.map((sample) => ({
          key: sample.at,
          cells: [
            format.clock(sample.at),
            told(sample.outbox),
            sample.worker === null ? text.pipeline.lagUnknown : told(sample.worker),
          ],
        })),
      })}
    >
      {(samples) => (
        <Lines
          data={samples.map(({ at, outbox, worker }) => ({ at: format.clock(at), outbox, worker }))}
          along="at"
          series={[
            { name: "outbox", label: text.pipeline.inOutbox, place: 1 },
            { name: "worker", label: text.pipeline.forWorker, place: 2 },
          ]}
          told={told}
          ticks={format.compact}
        />
      )}
    </ChartFigure>
  );
}

function ByTopic({ consumers: { partitions } }: { consumers: Schema<"Consumers"> }) {
  const text = useText().pipeline;
  const format = useFormat();
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const lagOf = (topic: string) => {
    const lags = partitions.filter((one) => one.topic === topic).map(({ lag_events }) => lag_events);
    return lags.includes(null) ? null : lags.reduce<number>((sum, lag) => sum + (lag ?? 0), 0);
  };
  return (
    <Panel title={text.byTopic} detail={text.byTopicDetail}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.topic}</Table.Th>
            <Table.Th ta="right">{text.waiting}</Table.Th>
            <Table.Th ta="right">{text.partitions}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {topics.map((topic) => {
            const lag = lagOf(topic);
            return (
              <Table.Tr key={topic}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{topic}</Table.Td>
                <Table.Td ta="right">{lag === null ? text.lagUnknown : text.events(format.number(lag))}</Table.Td>
                <Table.Td ta="right">{format.number(partitions.filter((one) => one.topic === topic).length)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

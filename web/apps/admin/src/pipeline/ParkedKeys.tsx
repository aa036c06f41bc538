"use client";

import { Fetched, Moment, useFormat } from "@laurel/ui";
import { Badge, Table, Text } from "@mantine/core";

import { api, type Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { usePolling } from "@/live/live";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

import { Unstick } from "./Unstick";

type Parked = Schema<"ParkedKey">;

const FRESH_MILLISECONDS = 5_000;
const stale: ["/api/admin/parked-keys", "/api/admin/pipeline"] = ["/api/admin/parked-keys", "/api/admin/pipeline"];

/** Keys whose events Kafka refuses: publish them again, or leave the event in the way. */
export function ParkedKeys() {
  const text = useText().pipeline;
  const keys = useGet("/api/admin/parked-keys", undefined, { everyMilliseconds: usePolling(FRESH_MILLISECONDS) });
  return (
    <Panel title={text.parkedTitle} detail={text.parkedDetail}>
      <Fetched query={keys}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm" c="dimmed">
              {text.parkedNone}. {text.parkedNoneDetail}
            </Text>
          ) : (
            <ParkedTable keys={data} />
          )
        }
      </Fetched>
    </Panel>
  );
}

function ParkedTable({ keys }: { keys: Parked[] }) {
  const text = useText();
  const format = useFormat();
  return (
    <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.pipeline.topic}</Table.Th>
            <Table.Th>{text.pipeline.key}</Table.Th>
            <Table.Th ta="right">{text.pipeline.waitingRows}</Table.Th>
            <Table.Th>{text.pipeline.error}</Table.Th>
            <Table.Th>{text.pipeline.came}</Table.Th>
            <Table.Th>{text.common.actions}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((parked) => (
            <Table.Tr key={`${parked.topic} ${parked.key}`}>
              <Table.Td>{parked.topic}</Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{parked.key}</Table.Td>
              <Table.Td ta="right">{text.pipeline.events(format.number(parked.waiting_rows))}</Table.Td>
              <Table.Td>{parked.error ?? "–"}</Table.Td>
              <Table.Td>
                <Moment at={parked.parked_at} relative />
              </Table.Td>
              <Table.Td>
                {parked.requested ? (
                  <Badge color="sky">{text.pipeline.requested[parked.requested]}</Badge>
                ) : (
                  <Actions parked={parked} />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Actions({ parked: { topic, key } }: { parked: Parked }) {
  const text = useText().pipeline;
  const may = useMay();
  const body = { topic, key };
  if (!may("requeue_parked_key")) return null;
  return (
    <Unstick
      stale={stale}
      again={{
        label: text.publish,
        send: () => api.POST("/api/admin/parked-keys/requeue", { body }),
        said: text.publishAsked,
      }}
      skip={{
        label: text.skip,
        send: () => api.POST("/api/admin/parked-keys/skip", { body }),
        said: text.skipped,
        title: text.skipKeyTitle,
        detail: text.skipKeyDetail,
      }}
    />
  );
}

"use client";

import { Fetched, PageHeader, useFormat } from "@laurel/ui";
import { Alert, Button, Progress, Stack, Text } from "@mantine/core";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Panel } from "@/parts/Panel";
import { sentence } from "@/rules/reading";
import { useReader } from "@/rules/useReader";
import { useMay } from "@/session/access";

import { ReplayResult } from "./ReplayResult";

type Replay = Schema<"Replay">;

const FRESH_MILLISECONDS = 1_000;

/** A replay while it runs, and what it found. */
export function ReplayPage({ id }: { id: string }) {
  const replay = useGet(
    "/api/admin/earning-rules/replays/{replay_id}",
    { path: { replay_id: id } },
    { everyMilliseconds: FRESH_MILLISECONDS, until: ({ finished_at }) => finished_at !== null },
  );
  return <Fetched query={replay}>{(replay) => <Known replay={replay} />}</Fetched>;
}

function Known({ replay }: { replay: Replay }) {
  const text = useText();
  const format = useFormat();
  const may = useMay();
  const cancel = useChange(
    () =>
      api.POST("/api/admin/earning-rules/replays/{replay_id}/cancel", {
        params: { path: { replay_id: replay.replay_id } },
      }),
    { stale: ["/api/admin/earning-rules/replays"], said: () => text.replays.cancelled },
  );
  const range = [replay.from, replay.to].map((moment) => (moment ? format.dateTime(moment) : null));
  return (
    <>
      <PageHeader
        title={text.replays.one}
        app={text.common.app}
        trail={[{ label: text.replays.title, href: "/replays" }]}
        status={<StandingBadge standing={replay.status} />}
        detail={range.some(Boolean) ? range.map((end) => end ?? "…").join(" – ") : undefined}
        actions={
          replay.finished_at === null &&
          may("cancel_replay") && (
            <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
              {text.replays.cancel}
            </Button>
          )
        }
      />
      <Stack>
        {replay.finished_at === null && <Going replay={replay} />}
        {replay.error && <Alert color="rose">{replay.error}</Alert>}
        {replay.result && <ReplayResult result={replay.result} />}
        <Rules replay={replay} />
      </Stack>
    </>
  );
}

function Going({ replay: { status, purchases_done, purchases_total } }: { replay: Replay }) {
  const text = useText().replays;
  const format = useFormat();
  if (status === "queued" || !purchases_total) return <Text size="sm">{text.waiting}</Text>;
  return (
    <div>
      <Progress value={(100 * purchases_done) / purchases_total} animated aria-label={text.purchases} />
      <Text size="sm" c="dimmed" mt={4}>
        {text.progress(format.number(purchases_done), format.number(purchases_total))}
      </Text>
    </div>
  );
}

function Rules({ replay: { rules } }: { replay: Replay }) {
  const text = useText().replays;
  const reader = useReader();
  return (
    <Panel title={text.rules}>
      {rules.map((rule, place) => (
        <div key={`${rule.name} ${place}`}>
          <Text size="sm" fw={600}>
            {rule.name}
          </Text>
          <Text size="sm" c="dimmed">
            {sentence(rule, reader)}
          </Text>
        </div>
      ))}
    </Panel>
  );
}

"use client";

import { PageHeader, useFormat } from "@laurel/ui";
import { SegmentedControl, SimpleGrid, Stack } from "@mantine/core";

import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";

import { rangesTo, todayIn } from "./days";
import { ActiveByDay, IssuedCompared, Outcomes, PointsByDay, PurchasesByDay } from "./OverviewCharts";
import { OverviewFigures } from "./OverviewFigures";

const DEFAULT_DAYS = "30";

/** How the program does: figures, and the same by day, next to the range before. */
export function OverviewPage() {
  const text = useText();
  const format = useFormat();
  const { filters, choose } = useListState(["days"]);
  const days = filters.days ?? DEFAULT_DAYS;
  const program = useGet("/api/admin/program");
  const zone = program.data?.time_zone;
  const ranges = zone ? rangesTo(todayIn(zone), Number(days)) : null;
  const enabled = ranges !== null;
  const now = useGet("/api/admin/reports/overview", { query: ranges?.now }, { enabled, keep: true });
  const before = useGet("/api/admin/reports/overview", { query: ranges?.before }, { enabled, keep: true });
  const shown = {
    data: now.data,
    error: program.error ?? now.error,
    refetch: () => (program.error ? program : now).refetch(),
  };
  const compared = { ...shown, data: now.data && { now: now.data, before: before.data } };
  return (
    <>
      <PageHeader
        title={text.overview.title}
        app={text.common.app}
        detail={
          zone &&
          ranges &&
          `${format.dayOfYear(ranges.now.from)} – ${format.dayOfYear(ranges.now.to)}. ${text.overview.detail(zone)}`
        }
        actions={
          <SegmentedControl
            aria-label={text.overview.range}
            data={Object.entries(text.overview.ranges).map(([value, label]) => ({ value, label }))}
            value={days}
            onChange={(chosen) => choose("days", chosen)}
          />
        }
      />
      <Stack>
        <OverviewFigures now={now.data} before={before.data} />
        <PointsByDay query={shown} />
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <IssuedCompared query={compared} />
          <PurchasesByDay query={compared} />
          <ActiveByDay query={compared} />
          <Outcomes query={shown} />
        </SimpleGrid>
      </Stack>
    </>
  );
}

"use client";

import { Fetched, Figure, PageHeader, useFormat } from "@laurel/ui";
import { Bars, ChartFigure } from "@laurel/ui/charts";
import { SimpleGrid, Stack, Table, Text } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";

/** What a bookkeeper works with. */
export function ReportsPage() {
  const text = useText();
  const liability = useGet("/api/admin/reports/liability");
  return (
    <>
      <PageHeader title={text.reports.title} app={text.common.app} detail={text.reports.detail} />
      <Stack>
        <Fetched query={liability}>{(liability) => <Liability liability={liability} />}</Fetched>
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <Rollforward />
          <Expiry />
        </SimpleGrid>
        <Cohorts />
      </Stack>
    </>
  );
}

function Liability({ liability }: { liability: Schema<"Liability"> }) {
  const text = useText().reports;
  const format = useFormat();
  const { currency } = liability;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      <Figure label={text.liability} value={format.money(liability.value, currency)} detail={text.owes} />
      <Figure
        label={text.lessBreakage}
        value={format.money(liability.value_less_breakage, currency)}
        detail={`${text.breakage}: ${percent(liability.breakage_rate, format.percent)}, ${text.breakageDetail}`}
      />
      <Figure
        label={text.available}
        value={format.points(liability.available_points)}
        detail={`${text.pending}: ${format.points(liability.pending_points)}`}
      />
      <Figure
        label={text.held}
        value={format.points(liability.held_points)}
        detail={`${text.owed}: ${format.points(liability.owed_points)}`}
      />
    </SimpleGrid>
  );
}

function Rollforward() {
  const text = useText().reports;
  const format = useFormat();
  const report = useGet("/api/admin/reports/rollforward");
  return (
    <Fetched query={report}>
      {(known) => (
        <Panel
          title={text.rollforward}
          detail={text.rollforwardDetail(format.dayOfYear(known.from), format.dayOfYear(known.to))}
        >
          <Table fz="sm">
            <Table.Tbody>
              <Line name={text.opening} points={format.points(known.opening_points)} strong />
              {known.lines.map(({ line, points }) => (
                <Line key={line} name={text.lines[line] ?? line} points={format.signedPoints(points)} />
              ))}
              <Line
                name={`${text.closing}, ${format.money(known.closing_value, known.currency)}`}
                points={format.points(known.closing_points)}
                strong
              />
            </Table.Tbody>
          </Table>
        </Panel>
      )}
    </Fetched>
  );
}

function Line({ name, points, strong = false }: { name: string; points: string; strong?: boolean }) {
  return (
    <Table.Tr fw={strong ? 600 : undefined}>
      <Table.Td>{name}</Table.Td>
      <Table.Td ta="right">{points}</Table.Td>
    </Table.Tr>
  );
}

function Expiry() {
  const text = useText();
  const format = useFormat();
  const { reports } = text;
  const expiry = useGet("/api/admin/reports/expiry");
  const { never_points: never = 0, pending_points: pending = 0 } = expiry.data ?? {};
  return (
    <ChartFigure
      title={reports.expiry}
      detail={reports.expiryDetail(format.points(never), format.points(pending))}
      query={expiry}
      table={({ months, currency }) => ({
        head: [reports.month, text.common.points, reports.worth],
        rows: months.map(({ month, points, value }) => ({
          key: month,
          cells: [format.month(month), format.points(points), format.money(value, currency)],
        })),
      })}
    >
      {({ months }) =>
        months.length === 0 ? (
          <Text size="sm" c="dimmed">
            {reports.expiryNone}
          </Text>
        ) : (
          <Bars
            data={months.map(({ month, points }) => ({ month: format.month(month), points }))}
            along="month"
            series={[{ name: "points", label: text.common.points, place: 2 }]}
            told={format.points}
            ticks={format.compact}
          />
        )
      }
    </ChartFigure>
  );
}

function Cohorts() {
  const text = useText().reports;
  const format = useFormat();
  const cohorts = useGet("/api/admin/reports/cohorts");
  const head = [text.joined, text.members, text.earning, text.redeeming, text.issued, text.redeemed, text.holds];
  return (
    <Panel title={text.cohorts} detail={text.cohortsDetail}>
      <Fetched query={cohorts}>
        {({ cohorts }) => (
          <Table.ScrollContainer minWidth={760} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table fz="sm">
              <Table.Thead>
                <Table.Tr>
                  {[...head, text.redemptionRate].map((name, place) => (
                    <Table.Th key={name} ta={place === 0 ? "left" : "right"}>
                      {name}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {cohorts.map((cohort) => (
                  <Table.Tr key={cohort.month}>
                    <Table.Td>{format.month(cohort.month)}</Table.Td>
                    <Table.Td ta="right">{format.number(cohort.members)}</Table.Td>
                    <Table.Td ta="right">{format.number(cohort.earning_members)}</Table.Td>
                    <Table.Td ta="right">{format.number(cohort.redeeming_members)}</Table.Td>
                    <Table.Td ta="right">{format.points(cohort.issued_points)}</Table.Td>
                    <Table.Td ta="right">{format.points(cohort.redeemed_points)}</Table.Td>
                    <Table.Td ta="right">{format.points(cohort.points)}</Table.Td>
                    <Table.Td ta="right">{percent(cohort.redemption_rate, format.percent)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Fetched>
    </Panel>
  );
}

const percent = (rate: string | null, format: (rate: string) => string) => (rate === null ? "–" : format(rate));

"use client";

import { Empty, type Query, useFormat } from "@laurel/ui";
import { Bars, ChartFigure, Lines, Ranking } from "@laurel/ui/charts";
import { IconGift } from "@tabler/icons-react";

import type { Schema } from "@/api/client";
import { useText } from "@/messages";

type Overview = Schema<"Overview">;
interface Compared {
  now: Overview;
  before: Overview | undefined;
}
type DayFigures = Schema<"DayFigures">;

/** What came above the line, what went below it. */
export function PointsByDay({ query }: { query: Query<Overview> }) {
  const text = useText().overview;
  const format = useFormat();
  const series = [
    { name: "issued", label: text.issued, place: 0 },
    { name: "redeemed", label: text.redeemed, place: 1 },
    { name: "expired", label: text.expired, place: 2 },
    { name: "reversed", label: text.reversed, place: 3 },
    { name: "adjusted", label: text.adjusted, place: 4 },
  ];
  return (
    <ChartFigure
      title={text.pointsByDay}
      detail={text.pointsByDayDetail}
      query={query}
      table={({ days }) => ({
        head: [text.day, ...series.map(({ label }) => label)],
        rows: days.map((day) => ({
          key: day.day,
          cells: [
            format.dayOfYear(day.day),
            format.points(day.issued),
            format.points(-day.redeemed),
            format.points(-day.expired),
            format.points(-day.reversed),
            format.signedPoints(day.adjusted),
          ],
        })),
      })}
    >
      {({ days }) => (
        <Bars
          data={days.map((day) => ({
            day: format.day(day.day),
            issued: day.issued,
            redeemed: -day.redeemed,
            expired: -day.expired,
            reversed: -day.reversed,
            adjusted: day.adjusted,
          }))}
          along="day"
          series={series}
          told={format.points}
          ticks={format.compact}
          height={280}
        />
      )}
    </ChartFigure>
  );
}

interface ComparedChartProps {
  query: Query<Compared>;
  title: string;
  detail: string;
  of: (day: DayFigures) => number;
  told: (value: number) => string;
}

function ComparedChart({ query, title, detail, of, told }: ComparedChartProps) {
  const text = useText().overview;
  const format = useFormat();
  return (
    <ChartFigure
      title={title}
      detail={detail}
      query={query}
      table={({ now, before }) => ({
        head: [text.day, text.thisRange, text.rangeBefore],
        rows: now.days.map((day, place) => ({
          key: day.day,
          cells: [format.dayOfYear(day.day), told(of(day)), toldAt(before?.days[place], of, told)],
        })),
      })}
    >
      {({ now, before }) => (
        <Lines
          data={now.days.map((day, place) => {
            const then = before?.days[place];
            return { day: format.day(day.day), now: of(day), before: then ? of(then) : null };
          })}
          along="day"
          series={[
            { name: "now", label: text.thisRange, place: 0 },
            { name: "before", label: text.rangeBefore, place: 4, dashed: true },
          ]}
          told={told}
          ticks={format.compact}
        />
      )}
    </ChartFigure>
  );
}

function toldAt(day: DayFigures | undefined, of: (day: DayFigures) => number, told: (value: number) => string) {
  return day ? told(of(day)) : "–";
}

export function IssuedCompared({ query }: { query: Query<Compared> }) {
  const text = useText().overview;
  const format = useFormat();
  return (
    <ComparedChart
      query={query}
      title={text.issuedCompared}
      detail={text.issuedComparedDetail}
      of={(day) => day.issued}
      told={format.points}
    />
  );
}

export function PurchasesByDay({ query }: { query: Query<Compared> }) {
  const text = useText().overview;
  const format = useFormat();
  return (
    <ComparedChart
      query={query}
      title={text.purchasesByDay}
      detail={text.purchasesByDayDetail}
      of={(day) => day.transactions}
      told={(count) => text.purchasesCount(format.number(count))}
    />
  );
}

export function ActiveByDay({ query }: { query: Query<Compared> }) {
  const text = useText().overview;
  const format = useFormat();
  return (
    <ComparedChart
      query={query}
      title={text.activeByDay}
      detail={text.activeByDayDetail}
      of={(day) => day.members_active}
      told={(count) => text.membersCount(format.number(count))}
    />
  );
}

/** How the redemptions asked for have ended. */
export function Outcomes({ query }: { query: Query<Overview> }) {
  const text = useText();
  const format = useFormat();
  const told = (count: number) => text.overview.count(format.number(count));
  const named = ({ status, reason }: Schema<"RedemptionOutcome">) =>
    reason ? `${text.standing[status]}: ${text.rejections[reason]}` : text.standing[status];
  return (
    <ChartFigure
      title={text.overview.redemptions}
      detail={text.overview.redemptionsDetail}
      query={query}
      table={({ redemptions }) => ({
        head: [text.overview.outcome, text.overview.redemptions],
        rows: redemptions.map((outcome) => ({ key: named(outcome), cells: [named(outcome), told(outcome.count)] })),
      })}
    >
      {({ redemptions }) =>
        redemptions.length === 0 ? (
          <Empty icon={<IconGift size={22} />} title={text.overview.quiet} />
        ) : (
          <Ranking
            data={redemptions.map((outcome) => ({ outcome: named(outcome), count: outcome.count }))}
            along="outcome"
            series={[{ name: "count", label: text.overview.redemptions, place: 1 }]}
            told={told}
            ticks={format.compact}
          />
        )
      }
    </ChartFigure>
  );
}

"use client";

import { useFormat } from "@laurel/ui";
import { Bars, ChartFigure } from "@laurel/ui/charts";
import { Text } from "@mantine/core";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";

/** What a rule on trial would have given, by day. */
export function Trial({ ruleId }: { ruleId: string }) {
  const text = useText();
  const format = useFormat();
  const trial = useGet(
    "/api/admin/earning-rules/{rule_id}/trial",
    { path: { rule_id: ruleId } },
    { everyMilliseconds: 10_000 },
  );
  return (
    <ChartFigure
      title={text.rules.trial}
      detail={text.rules.trialDetail}
      query={trial}
      tools={
        trial.data && (
          <Text size="sm">
            {text.rules.trialSum(format.points(trial.data.points), format.number(trial.data.purchases))}
          </Text>
        )
      }
      table={({ days }) => ({
        head: [text.overview.day, text.common.points, text.overview.purchases],
        rows: days.map((day) => ({
          key: `${day.day} ${day.version}`,
          cells: [format.dayOfYear(day.day), format.points(day.points), format.number(day.purchases)],
        })),
      })}
    >
      {({ days }) =>
        days.length === 0 ? (
          <Text size="sm" c="dimmed">
            {text.rules.trialNone}
          </Text>
        ) : (
          <Bars
            data={[...days].reverse().map((day) => ({ day: format.day(day.day), points: day.points }))}
            along="day"
            series={[{ name: "points", label: text.common.points, place: 3 }]}
            told={format.points}
            ticks={format.compact}
          />
        )
      }
    </ChartFigure>
  );
}

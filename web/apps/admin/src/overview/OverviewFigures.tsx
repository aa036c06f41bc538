"use client";

import { Figure, useFormat } from "@laurel/ui";
import { SimpleGrid } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useText } from "@/messages";

type Overview = Schema<"Overview">;

/** The numbers at the top. `before` is the range of the same length before. */
export function OverviewFigures({ now, before }: { now: Overview | undefined; before: Overview | undefined }) {
  const text = useText().overview;
  const format = useFormat();
  const change = (figure: (of: Overview) => number) =>
    now && before ? { now: figure(now), before: figure(before) } : undefined;
  const points = (figure: (of: Overview) => number) => now && format.points(figure(now));
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      <Figure
        label={text.outstanding}
        value={points((of) => of.outstanding_points)}
        detail={now && text.worth(format.money(now.outstanding_value, now.currency))}
      />
      <Figure label={text.issued} value={points((of) => of.moved.issued)} change={change((of) => of.moved.issued)} />
      <Figure
        label={text.redeemed}
        value={points((of) => of.moved.redeemed)}
        change={change((of) => of.moved.redeemed)}
      />
      <Figure label={text.redemptionRate} value={now && rate(now, format.percent)} detail={text.redemptionRateDetail} />
      <Figure label={text.expired} value={points((of) => of.moved.expired)} change={change((of) => of.moved.expired)} />
      <Figure
        label={text.reversed}
        value={points((of) => of.moved.reversed)}
        change={change((of) => of.moved.reversed)}
      />
      <Figure
        label={text.purchases}
        value={now && format.number(now.transactions)}
        change={change((of) => of.transactions)}
      />
      <Figure
        label={text.active}
        value={now && format.number(now.members_active)}
        change={change((of) => of.members_active)}
        detail={now && text.ofMembers(format.number(now.members), format.number(joined(now)))}
      />
    </SimpleGrid>
  );
}

function rate({ moved }: Overview, percent: (share: number) => string): string {
  return moved.issued === 0 ? "–" : percent(moved.redeemed / moved.issued);
}

const joined = ({ days }: Overview) => days.reduce((total, day) => total + day.members_joined, 0);

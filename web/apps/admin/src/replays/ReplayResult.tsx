"use client";

import { Figure, type Query, useFormat } from "@laurel/ui";
import { ChartFigure, Ranking } from "@laurel/ui/charts";
import { SimpleGrid, Table, Text } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useTierNames } from "@/members/tiers";
import { useText } from "@/messages";
import { MemberLink } from "@/parts/Links";
import { Panel } from "@/parts/Panel";

type Result = Schema<"ReplayResult">;
type Points = Schema<"ReplayPoints">;
type Compared = Points & { name: string };

const SHOWN = 10;

/** What a draft would have changed, in points and in money: by rule, by tier, by member. */
export function ReplayResult({ result }: { result: Result }) {
  const text = useText().replays;
  const format = useFormat();
  const tiers = useTierNames();
  const money = (points: Points) => text.worth(format.signedMoney(points.difference_money, result.currency));
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Figure
          label={text.difference}
          value={format.signedPoints(result.points.difference)}
          detail={money(result.points)}
        />
        <Figure
          label={text.wouldGive}
          value={format.points(result.points.draft)}
          detail={`${text.given}: ${format.points(result.points.actual)}`}
        />
        <Figure
          label={text.changed}
          value={format.number(result.purchases_changed)}
          detail={text.ofPurchases(format.number(result.purchases))}
        />
        <Figure
          label={`${text.better} / ${text.worse}`}
          value={`${format.number(result.members_better)} / ${format.number(result.members_worse)}`}
          detail={text.ofMembers(format.number(result.members))}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Comparison title={text.byRule} detail={text.byRuleDetail} rows={result.by_rule} />
        <Comparison
          title={text.byTier}
          detail={text.byTierDetail}
          rows={result.by_tier.map((row) => ({ ...row, name: tiers[row.tier_code] ?? row.tier_code }))}
        />
        <Members title={text.bestOff} members={result.best_off} money={money} />
        <Members title={text.worstOff} members={result.worst_off} money={money} />
      </SimpleGrid>
    </>
  );
}

function Comparison({ title, detail, rows }: { title: string; detail: string; rows: Compared[] }) {
  const text = useText().replays;
  const format = useFormat();
  const query: Query<Compared[]> = { data: rows, error: null, refetch: () => null };
  return (
    <ChartFigure
      title={title}
      detail={detail}
      query={query}
      table={(rows) => ({
        head: [title, text.actual, text.draft, text.difference],
        rows: rows.map(({ name, actual, draft, difference }) => ({
          key: name,
          cells: [name, format.points(actual), format.points(draft), format.signedPoints(difference)],
        })),
      })}
    >
      {(rows) => (
        <Ranking
          data={rows.slice(0, SHOWN).map(({ name, actual, draft }) => ({ name, actual, draft }))}
          along="name"
          series={[
            { name: "actual", label: text.actual, place: 4 },
            { name: "draft", label: text.draft, place: 0 },
          ]}
          told={format.points}
          ticks={format.compact}
        />
      )}
    </ChartFigure>
  );
}

interface MembersProps {
  title: string;
  members: Schema<"ReplayedMember">[];
  money: (points: Points) => string;
}

function Members({ title, members, money }: MembersProps) {
  const text = useText();
  const format = useFormat();
  return (
    <Panel title={title}>
      {members.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.replays.nobody}
        </Text>
      ) : (
        <Table fz="sm" verticalSpacing={4} horizontalSpacing={4}>
          <Table.Tbody>
            {members.slice(0, SHOWN).map((member) => (
              <Table.Tr key={member.member_id}>
                <Table.Td>
                  <MemberLink id={member.member_id} />
                </Table.Td>
                <Table.Td ta="right">
                  {format.signedPoints(member.difference)}
                  <Text size="xs" c="dimmed">
                    {money(member)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

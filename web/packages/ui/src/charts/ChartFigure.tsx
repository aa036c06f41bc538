"use client";

import { Box, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Fetched, type Query } from "../Fetched";
import { useUiText } from "../messages";
import { Waiting } from "../states";
import styles from "./charts.module.css";

export interface ChartTable {
  head: string[];
  rows: { key: string; cells: string[] }[];
}

interface ChartFigureProps<Data> {
  title: string;
  /** What is counted, in which unit, over what. */
  detail: string;
  query: Query<Data>;
  /** The same figures as a table, for those who would rather read them. */
  table: (data: Data) => ChartTable;
  tools?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** A chart in its frame: a title that says the unit, and the same figures as a table behind a button. */
export function ChartFigure<Data>({ title, detail, query, table, tools, children }: ChartFigureProps<Data>) {
  const text = useUiText();
  const [asTable, setAsTable] = useState(false);
  return (
    <Paper p="md" bg="var(--laurel-surface)" component="section" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap={tools ? "wrap" : "nowrap"}>
          <Box>
            <Title order={2} size="h5">
              {title}
            </Title>
            <Text size="xs" c="dimmed">
              {detail}
            </Text>
          </Box>
          <Group gap="xs">
            {tools}
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              leftSection={asTable ? <IconChartBar size={14} /> : <IconTable size={14} />}
              onClick={() => setAsTable(!asTable)}
            >
              {asTable ? text.showChart : text.showTable}
            </Button>
          </Group>
        </Group>
        <Fetched query={query} waiting={<Waiting lines={6} height={30} />}>
          {(data) =>
            asTable ? (
              <Figures label={title} table={table(data)} />
            ) : (
              <div className={styles.chart} role="img" aria-label={`${title}. ${detail}`}>
                {children(data)}
              </div>
            )
          }
        </Fetched>
      </Stack>
    </Paper>
  );
}

function Figures({ label, table }: { label: string; table: ChartTable }) {
  return (
    <Box mah={320} style={{ overflow: "auto" }} tabIndex={0} role="region" aria-label={label}>
      <Table stickyHeader fz="xs">
        <Table.Thead>
          <Table.Tr>
            {table.head.map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.rows.map((row) => (
            <Table.Tr key={row.key}>
              {row.cells.map((cell, place) => (
                <Table.Td key={table.head[place]}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}

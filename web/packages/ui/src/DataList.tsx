"use client";

import { Box, Button, Group, Progress, Skeleton, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconChevronsLeft, IconListSearch } from "@tabler/icons-react";
import { DataTable, type DataTableColumn } from "mantine-datatable";
import type { ReactNode } from "react";

import styles from "./DataList.module.css";
import { Fetched } from "./Fetched";
import { useFormat } from "./format";
import { useUiText } from "./messages";
import { ProblemNotice } from "./ProblemNotice";
import { Empty } from "./states";

export type Column<Row> = DataTableColumn<Row>;

/** As much of a query for a page of a list as is needed to show it. */
export interface PageOf<Row> {
  data: { data: Row[]; next_cursor?: string | null } | undefined;
  error: unknown;
  /** A page is on its way, perhaps while the one before is still shown. */
  isFetching: boolean;
  /** What is shown is the page before. */
  isPlaceholderData?: boolean;
  refetch: () => unknown;
}

/** Where one is in a list that the server cuts into pages. */
export interface Pager {
  /** From 1; null when the way here is not known, as after following a link into the middle. */
  page: number | null;
  previous: (() => void) | null;
  next: (cursor: string) => void;
  first: () => void;
}

interface DataListProps<Row> {
  /** What the rows are, for those who do not see the table. */
  label: string;
  query: PageOf<Row>;
  columns: Column<Row>[];
  idOf: (row: Row) => string;
  pager?: Pager;
  /** Shown when there are no rows: why, and the way on. */
  empty?: ReactNode;
  onOpen?: (row: Row) => void;
  rowExpansion?: (row: Row) => ReactNode;
}

const SKELETON_ROWS = 8;

/** A table of a list of the API in each of its states: loading, empty, refused, one page of many. */
export function DataList<Row>(props: DataListProps<Row>) {
  const text = useUiText();
  const { query, empty, pager } = props;
  return (
    <Fetched query={query} waiting={<Rows columns={props.columns} />}>
      {({ data, next_cursor }) =>
        data.length === 0 && !pager?.previous ? (
          <Box className={styles.list}>
            {empty ?? <Empty icon={<IconListSearch size={24} />} title={text.nothing} />}
          </Box>
        ) : (
          <Filled {...props} rows={data} cursor={next_cursor ?? null} />
        )
      }
    </Fetched>
  );
}

interface FilledProps<Row> extends DataListProps<Row> {
  rows: Row[];
  cursor: string | null;
}

function Filled<Row>({ label, query, columns, idOf, pager, onOpen, rowExpansion, rows, cursor }: FilledProps<Row>) {
  return (
    <Box className={styles.list} pos="relative" aria-busy={query.isPlaceholderData ?? false}>
      {query.isFetching && <Progress className={styles.progress} value={100} animated size={3} aria-hidden />}
      {query.error ? <ProblemNotice error={query.error} onRetry={() => query.refetch()} /> : null}
      <DataTable<Row>
        aria-label={label}
        columns={columns.map(unbroken)}
        records={rows}
        idAccessor={(row) => idOf(row)}
        highlightOnHover
        withTableBorder={false}
        borderRadius={0}
        verticalSpacing={7}
        horizontalSpacing="md"
        minHeight={0}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "group", "aria-label": label }, type: "auto" }}
        onRowClick={onOpen ? ({ record }) => onOpen(record) : undefined}
        rowExpansion={rowExpansion ? { content: ({ record }) => rowExpansion(record), allowMultiple: true } : undefined}
      />
      {pager && <PagerBar pager={pager} count={rows.length} cursor={cursor} waiting={query.isPlaceholderData} />}
    </Box>
  );
}

/** Figures stand at the right, and a figure stays with its unit. */
function unbroken<Row>(column: Column<Row>): Column<Row> {
  return column.textAlign === "right" ? { ...column, ellipsis: undefined, noWrap: true } : column;
}

interface PagerBarProps {
  pager: Pager;
  count: number;
  cursor: string | null;
  /** The rows are still those of the page before, and so is the cursor: nobody goes on from there. */
  waiting: boolean | undefined;
}

function PagerBar({ pager, count, cursor, waiting }: PagerBarProps) {
  const text = useUiText();
  const format = useFormat();
  if (cursor === null && pager.page === 1) return null;
  return (
    <Group component="nav" className={styles.pager} justify="space-between" aria-label={text.pages}>
      <Text size="sm" c="dimmed" aria-live="polite">
        {pager.page !== null && `${text.page(format.number(pager.page))} · `}
        {text.rowsHere(format.number(count))}
      </Text>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconChevronsLeft size={16} />}
          disabled={pager.page === 1}
          onClick={pager.first}
          visibleFrom="xs"
        >
          {text.firstPage}
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconChevronLeft size={16} />}
          disabled={pager.previous === null}
          onClick={pager.previous ?? undefined}
        >
          {text.previous}
        </Button>
        <Button
          size="xs"
          variant="default"
          rightSection={<IconChevronRight size={16} />}
          disabled={cursor === null}
          data-disabled={waiting ? true : undefined}
          aria-disabled={waiting ? true : undefined}
          onClick={() => cursor !== null && !waiting && pager.next(cursor)}
        >
          {text.next}
        </Button>
      </Group>
    </Group>
  );
}

function Rows<Row>({ columns }: { columns: Column<Row>[] }) {
  const text = useUiText();
  return (
    <Box className={styles.list} role="status" aria-label={text.loading} p="md">
      {Array.from({ length: SKELETON_ROWS }, (_, row) => (
        <Group key={row} gap="xl" wrap="nowrap" py={9}>
          {columns.slice(0, 5).map((column, place) => (
            <Skeleton key={String(column.accessor)} height={14} style={{ flex: place === 0 ? 2 : 1 }} />
          ))}
        </Group>
      ))}
    </Box>
  );
}

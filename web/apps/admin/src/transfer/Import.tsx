"use client";

import { Figure, ProblemNotice, useFormat } from "@laurel/ui";
import { Alert, Button, Checkbox, FileInput, Group, Select, SimpleGrid, Stack, Table } from "@mantine/core";
import { useThrottledCallback } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { forget, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";

import { whyRefused } from "./lines";
import { LinesRead } from "./LinesRead";
import { importFile, nothingYet, type Progress } from "./importing";

const MERCHANTS_OFFERED = 100;
const TOLD_EVERY_MILLISECONDS = 200;

/** Purchases from a file, with what became of each line while it is read. */
export function Import() {
  const { transfer: text, common } = useText();
  const cache = useQueryClient();
  const merchants = useGet("/api/admin/merchants", { query: { active: true, limit: MERCHANTS_OFFERED } });
  const [merchantId, setMerchantId] = useState<string | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const [dryRun, setDryRun] = useState(true);
  const [progress, setProgress] = useState<Progress>(nothingYet);
  const tell = useThrottledCallback(setProgress, TOLD_EVERY_MILLISECONDS);
  const run = useMutation({
    mutationFn: ({ file, merchantId }: { file: File; merchantId: string }) =>
      importFile(file, { merchantId, dryRun, onProgress: tell }),
    onMutate: () => setProgress(nothingYet),
    onSuccess: (done) => {
      setProgress(done);
      return forget(cache, ["/api/admin/transactions", "/api/admin/reports/overview", "/api/admin/members"]);
    },
  });
  return (
    <Panel title={text.import} detail={text.importDetail}>
      <Stack>
        {run.isError && <ProblemNotice error={run.error} />}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={text.merchant}
            data={(merchants.data?.data ?? []).map(({ merchant_id, name }) => ({ value: merchant_id, label: name }))}
            value={merchantId}
            onChange={setMerchantId}
            required
          />
          <FileInput
            label={text.file}
            accept=".csv,.ndjson,.jsonl,text/csv"
            value={file}
            onChange={setFile}
            clearable
            clearButtonProps={{ "aria-label": common.removeFile }}
            required
          />
        </SimpleGrid>
        <Group justify="space-between">
          <Checkbox label={text.dryRun} checked={dryRun} onChange={(event) => setDryRun(event.currentTarget.checked)} />
          <Button
            disabled={!file || !merchantId}
            loading={run.isPending}
            onClick={() => file && merchantId && run.mutate({ file, merchantId })}
          >
            {dryRun ? text.check : text.start}
          </Button>
        </Group>
        {(run.isPending || progress.summary) && <Results progress={progress} pending={run.isPending} />}
      </Stack>
    </Panel>
  );
}

function Results({ progress, pending }: { progress: Progress; pending: boolean }) {
  const text = useText().transfer;
  const format = useFormat();
  const { recorded, known, refused, lines, summary } = progress;
  return (
    <Stack aria-live="polite">
      {pending && <LinesRead label={text.import} done={recorded + known + refused} lines={lines} />}
      {summary && (
        <Alert color={summary.complete ? "laurel" : "amber"}>
          {summary.complete ? text.complete : [summary.detail, text.incomplete].filter(Boolean).join(" ")}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        <Figure label={summary?.dry_run ? text.wouldRecord : text.recorded} value={format.number(recorded)} />
        <Figure label={text.known} value={format.number(known)} />
        <Figure label={text.refused} value={format.number(refused)} />
      </SimpleGrid>
      {refused > 0 && <Refusals progress={progress} />}
    </Stack>
  );
}

function Refusals({ progress: { refusals, refused } }: { progress: Progress }) {
  const text = useText();
  const format = useFormat();
  return (
    <Table fz="sm" aria-label={text.transfer.refusedLines}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{text.transfer.line}</Table.Th>
          <Table.Th>{text.transactions.externalId}</Table.Th>
          <Table.Th>{text.transfer.why}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {refusals.map((refusal) => (
          <Table.Tr key={refusal.line}>
            <Table.Td>{format.number(refusal.line)}</Table.Td>
            <Table.Td>{refusal.external_id ?? "–"}</Table.Td>
            <Table.Td>{whyRefused(refusal)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
      {refused > refusals.length && (
        <Table.Caption>{text.transfer.refusedMore(format.number(refused - refusals.length))}</Table.Caption>
      )}
    </Table>
  );
}

"use client";

import { Figure, ProblemNotice, useFormat } from "@laurel/ui";
import { Alert, Button, FileInput, Group, SimpleGrid, Stack, Table, Textarea } from "@mantine/core";
import { useThrottledCallback } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { forget } from "@/api/queries";
import { useText } from "@/messages";
import { whyRefused } from "@/transfer/lines";
import { LinesRead } from "@/transfer/LinesRead";

import { nothingYet, type Progress, uploadCodes, type UploadedLine } from "./uploading";

const TOLD_EVERY_MILLISECONDS = 200;

/** More codes for a reward, from a file of any length or from what is pasted, with what became of each line. */
export function VoucherUpload({ rewardId }: { rewardId: string }) {
  const { rewards: text, common } = useText();
  const cache = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [pasted, setPasted] = useState("");
  const [progress, setProgress] = useState<Progress>(nothingYet);
  const tell = useThrottledCallback(setProgress, TOLD_EVERY_MILLISECONDS);
  const upload = useMutation({
    mutationFn: () => uploadCodes(rewardId, file ?? new Blob([pasted]), tell),
    onMutate: () => setProgress(nothingYet),
    onSuccess: (done) => {
      setProgress(done);
      if (done.summary?.complete) {
        setFile(null);
        setPasted("");
      }
      return forget(cache, ["/api/admin/rewards"]);
    },
  });
  return (
    <Stack gap="xs">
      {upload.isError && <ProblemNotice error={upload.error} />}
      <FileInput
        label={text.uploadFile}
        description={text.uploadDetail}
        accept=".csv,.txt,text/csv,text/plain"
        clearable
        clearButtonProps={{ "aria-label": common.removeFile }}
        value={file}
        onChange={setFile}
      />
      <Textarea
        label={text.uploadPaste}
        autosize
        minRows={3}
        maxRows={8}
        disabled={file !== null}
        value={pasted}
        onChange={(event) => setPasted(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button
          size="xs"
          disabled={file === null && pasted.trim() === ""}
          loading={upload.isPending}
          onClick={() => upload.mutate()}
        >
          {text.upload}
        </Button>
      </Group>
      {(upload.isPending || progress.summary) && <Results progress={progress} pending={upload.isPending} />}
    </Stack>
  );
}

function Results({ progress, pending }: { progress: Progress; pending: boolean }) {
  const text = useText().rewards;
  const format = useFormat();
  const { counts, lines, summary } = progress;
  const done = counts.added + counts.known + counts.repeated + counts.refused;
  return (
    <Stack gap="xs" aria-live="polite">
      {pending && <LinesRead label={text.upload} done={done} lines={lines} />}
      {summary && (
        <Alert color={summary.complete ? "laurel" : "amber"}>
          {summary.complete ? text.uploadComplete : [summary.detail, text.uploadIncomplete].filter(Boolean).join(" ")}
        </Alert>
      )}
      <SimpleGrid cols={2} spacing="sm">
        {(["added", "known", "repeated", "refused"] as const).map((status) => (
          <Figure key={status} label={text.uploadStatus[status]} value={format.number(counts[status])} />
        ))}
      </SimpleGrid>
      {progress.passedOver.length > 0 && <PassedOver progress={progress} />}
    </Stack>
  );
}

function PassedOver({ progress: { passedOver, counts } }: { progress: Progress }) {
  const text = useText();
  const format = useFormat();
  const more = counts.known + counts.repeated + counts.refused - passedOver.length;
  const why = (line: UploadedLine) =>
    line.status === "repeated" && line.first_line
      ? text.rewards.uploadRepeated(format.number(line.first_line))
      : (whyRefused(line) ?? text.rewards.uploadStatus[line.status]);
  return (
    <Table.ScrollContainer minWidth={0} mah={320} type="native">
      <Table fz="sm" aria-label={text.rewards.uploadPassedOver} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.transfer.line}</Table.Th>
            <Table.Th>{text.rewards.uploadCode}</Table.Th>
            <Table.Th>{text.transfer.why}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {passedOver.map((line) => (
            <Table.Tr key={line.line}>
              <Table.Td>{format.number(line.line)}</Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{line.voucher_code ?? "–"}</Table.Td>
              <Table.Td>{why(line)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        {more > 0 && <Table.Caption>{text.transfer.refusedMore(format.number(more))}</Table.Caption>}
      </Table>
    </Table.ScrollContainer>
  );
}

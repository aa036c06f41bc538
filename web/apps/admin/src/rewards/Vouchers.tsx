"use client";

import { unwrap } from "@laurel/api-client";
import { Fetched, ProblemNotice, useFormat } from "@laurel/ui";
import { Button, FileInput, Group, Progress, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "@/api/client";
import { forget, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";
import { useMay } from "@/session/access";

const CODES_AT_ONCE = 5_000;

/** How many codes a reward has, and more of them from a file or from what is pasted. */
export function Vouchers({ rewardId }: { rewardId: string }) {
  const text = useText().rewards;
  const format = useFormat();
  const may = useMay();
  const held = useGet("/api/admin/rewards/{reward_id}/vouchers", { path: { reward_id: rewardId } });
  return (
    <Panel title={text.vouchers}>
      <Fetched query={held}>
        {({ codes, free }) => (
          <Text size="sm">
            <b>{text.codes(format.number(codes))}</b>, {text.codesFree(format.number(free))}
          </Text>
        )}
      </Fetched>
      {may("upload_vouchers") && <Upload rewardId={rewardId} />}
    </Panel>
  );
}

function Upload({ rewardId }: { rewardId: string }) {
  const text = useText().rewards;
  const format = useFormat();
  const cache = useQueryClient();
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState(0);
  const codes = codesIn(typed);
  const upload = useMutation({
    mutationFn: () => sendAll(rewardId, codes, setSent),
    onSuccess: async ({ added, known }) => {
      setTyped("");
      await forget(cache, ["/api/admin/rewards"]);
      notifications.show({ message: text.uploaded(format.number(added), format.number(known)), color: "laurel" });
    },
  });
  const readFile = async (file: File | null) => setTyped(file ? await file.text() : "");
  return (
    <Stack gap="xs">
      {upload.isError && <ProblemNotice error={upload.error} />}
      <FileInput
        label={text.uploadFile}
        description={text.uploadDetail}
        accept=".csv,.txt,text/csv,text/plain"
        clearable
        onChange={(file) => void readFile(file)}
      />
      <Textarea
        label={text.uploadPaste}
        autosize
        minRows={3}
        maxRows={8}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {upload.isPending && (
        <>
          <Progress value={(100 * sent) / codes.length} animated aria-label={text.upload} />
          <Text size="xs">{text.uploading(format.number(sent), format.number(codes.length))}</Text>
        </>
      )}
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {codes.length > 0 && text.uploadFound(format.number(codes.length))}
        </Text>
        <Button size="xs" disabled={codes.length === 0} loading={upload.isPending} onClick={() => upload.mutate()}>
          {text.upload}
        </Button>
      </Group>
    </Stack>
  );
}

/** The codes of a file: the first field of each line, without quotes; a heading that says so is none. */
function codesIn(text: string): string[] {
  const fields = text.split(/\r?\n/).map((line) => (line.split(/[,;\t]/)[0] ?? "").trim().replace(/^"(.*)"$/, "$1"));
  return fields.filter((field, place) => field !== "" && !(place === 0 && /^(voucher_?)?codes?$/i.test(field)));
}

async function sendAll(rewardId: string, codes: string[], tell: (sent: number) => void) {
  const sum = { added: 0, known: 0 };
  for (let from = 0; from < codes.length; from += CODES_AT_ONCE) {
    tell(from);
    const some = codes.slice(from, from + CODES_AT_ONCE);
    const answer = await unwrap(
      api.POST("/api/admin/rewards/{reward_id}/vouchers", {
        params: { path: { reward_id: rewardId } },
        body: { codes: some },
      }),
    );
    sum.added += answer.added;
    sum.known += answer.known;
  }
  return sum;
}

import { ApiError, asProblem, SAME_SITE_HEADER } from "@laurel/api-client";

import type { Schema } from "@/api/client";

/** The last line of the answer. */
interface Summary {
  summary: true;
  complete: boolean;
  dry_run: boolean;
  detail?: string | null;
}

export type ImportedLine = Schema<"ImportedLine">;

/** How far an import has come. */
export interface Progress {
  recorded: number;
  known: number;
  refused: number;
  refusals: ImportedLine[];
  summary: Summary | null;
}

export const nothingYet: Progress = { recorded: 0, known: 0, refused: 0, refusals: [], summary: null };

const REFUSALS_KEPT = 200;

interface ImportOptions {
  merchantId: string;
  dryRun: boolean;
  onProgress: (progress: Progress) => void;
}

/** Send a file and read what becomes of each line while it is read. Raises ApiError when it is refused as a whole. */
export async function importFile(file: File, { merchantId, dryRun, onProgress }: ImportOptions): Promise<Progress> {
  const query = new URLSearchParams({ merchant_id: merchantId, dry_run: String(dryRun) });
  const response = await fetch(`/api/admin/transactions/import?${query.toString()}`, {
    method: "POST",
    headers: { "content-type": typeOf(file), [SAME_SITE_HEADER]: "1" },
    body: file,
  });
  if (!response.ok || !response.body) {
    throw new ApiError(asProblem(await response.json().catch(() => null), response));
  }
  let progress = nothingYet;
  for await (const line of linesOf(response.body)) {
    progress = after(progress, JSON.parse(line) as ImportedLine | Summary);
    onProgress(progress);
  }
  return progress;
}

const typeOf = ({ name }: File) => (/\.(nd)?jsonl?$/i.test(name) ? "application/x-ndjson" : "text/csv");

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const lines = (rest + chunk.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter(Boolean);
  }
  if (rest) yield rest;
}

function after(progress: Progress, line: ImportedLine | Summary): Progress {
  if ("summary" in line) return { ...progress, summary: line };
  switch (line.status) {
    case "recorded":
      return { ...progress, recorded: progress.recorded + 1 };
    case "already_recorded":
      return { ...progress, known: progress.known + 1 };
    case "refused": {
      const refusals = progress.refusals.length < REFUSALS_KEPT ? [...progress.refusals, line] : progress.refusals;
      return { ...progress, refused: progress.refused + 1, refusals };
    }
  }
}

import type { Schema } from "@/api/client";

import { answersTo, countLines } from "./lines";

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
  /** Lines of the file; more than there are purchases where a field in quotes spans several. */
  lines: number;
  summary: Summary | null;
}

export const nothingYet: Progress = { recorded: 0, known: 0, refused: 0, refusals: [], lines: 0, summary: null };

const REFUSALS_KEPT = 200;
const CSV = "text/csv";

interface ImportOptions {
  merchantId: string;
  dryRun: boolean;
  onProgress: (progress: Progress) => void;
}

/** Send a file and read what becomes of each line while it is read. Raises ApiError when it is refused as a whole. */
export async function importFile(file: File, { merchantId, dryRun, onProgress }: ImportOptions): Promise<Progress> {
  const query = new URLSearchParams({ merchant_id: merchantId, dry_run: String(dryRun) });
  const type = typeOf(file);
  const headings = type === CSV ? 1 : 0;
  let progress = { ...nothingYet, lines: Math.max((await countLines(file)) - headings, 0) };
  onProgress(progress);
  const path = `/api/admin/transactions/import?${query.toString()}`;
  for await (const line of answersTo<ImportedLine | Summary>(path, file, type)) {
    progress = after(progress, line);
    onProgress(progress);
  }
  return progress;
}

const typeOf = ({ name }: File) => (/\.(nd)?jsonl?$/i.test(name) ? "application/x-ndjson" : CSV);

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

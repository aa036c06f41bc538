import type { Schema } from "@/api/client";
import { answersTo, countLines, linesOf } from "@/transfer/lines";

export type UploadedLine = Schema<"UploadedVoucher">;

/** The last line of the answer. */
interface Summary {
  summary: true;
  complete: boolean;
  detail?: string | null;
}

/** How far an upload has come. */
export interface Progress {
  counts: Record<UploadedLine["status"], number>;
  /** Lines whose codes were not added, the first of them. */
  passedOver: UploadedLine[];
  /** Lines with something on them. */
  lines: number;
  summary: Summary | null;
}

export const nothingYet: Progress = {
  counts: { added: 0, known: 0, repeated: 0, refused: 0 },
  passedOver: [],
  lines: 0,
  summary: null,
};

const PASSED_OVER_KEPT = 200;
const HEADING = /^"?(voucher[ _-]?)?codes?"?$/i;

/** Send a file of codes and read what becomes of each line while it is read. Raises ApiError when it is refused. */
export async function uploadCodes(
  rewardId: string,
  file: Blob,
  onProgress: (progress: Progress) => void,
): Promise<Progress> {
  const { body, added } = await withHeading(file);
  const path = `/api/admin/rewards/${rewardId}/vouchers`;
  let progress = { ...nothingYet, lines: (await countLines(body)) - 1 };
  onProgress(progress);
  for await (const line of answersTo<UploadedLine | Summary>(path, body, "text/csv")) {
    progress = after(progress, line, added);
    onProgress(progress);
  }
  return progress;
}

/** The file with the heading that the API asks for, and how many lines that is more than it had. */
async function withHeading(file: Blob): Promise<{ body: Blob; added: 0 | 1 }> {
  const first = await firstLine(file);
  if (/[,;\t]/.test(first) || first === "code") return { body: file, added: 0 };
  if (!HEADING.test(first.trim())) return { body: new Blob(["code\n", file]), added: 1 };
  return { body: new Blob(["code", file.slice(new Blob([first]).size)]), added: 0 };
}

async function firstLine(file: Blob): Promise<string> {
  for await (const line of linesOf(file.stream())) return line.replace(/\r$/, "");
  return "";
}

function after(progress: Progress, line: UploadedLine | Summary, added: number): Progress {
  if ("summary" in line) return { ...progress, summary: line };
  const counts = { ...progress.counts, [line.status]: progress.counts[line.status] + 1 };
  if (line.status === "added" || progress.passedOver.length >= PASSED_OVER_KEPT) return { ...progress, counts };
  const own = { ...line, line: line.line - added, first_line: line.first_line ? line.first_line - added : null };
  return { ...progress, counts, passedOver: [...progress.passedOver, own] };
}

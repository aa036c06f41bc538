import { ApiError, asProblem, SAME_SITE_HEADER } from "@laurel/api-client";

/** Send a file and read what the API answers, line by line, while it is written. Raises ApiError when it is refused. */
export async function* answersTo<Line>(path: string, body: Blob, contentType: string): AsyncGenerator<Line> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": contentType, [SAME_SITE_HEADER]: "1" },
    body,
  });
  if (!response.ok || !response.body) {
    throw new ApiError(asProblem(await response.json().catch(() => null), response));
  }
  for await (const line of linesOf(response.body)) yield JSON.parse(line) as Line;
}

/** Why a line was refused: what is wrong with its fields where the API says so, else what is wrong at all. */
export function whyRefused({ detail, errors }: Refused): string | null {
  const wrong = (errors ?? []).map((error) => [field(error.pointer), error.detail].filter(Boolean).join(": "));
  return wrong.length > 0 ? wrong.join("; ") : (detail ?? null);
}

interface Refused {
  detail?: string | null;
  errors?: Record<string, unknown>[] | null;
}

const field = (pointer: unknown) => (typeof pointer === "string" ? pointer.slice(1) : "");

/** The lines of a text that arrives in pieces, without those that are empty. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const lines = (rest + chunk.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter(Boolean);
  }
  if (rest) yield rest;
}

/** How many lines have something on them. */
export async function countLines(file: Blob): Promise<number> {
  let lines = 0;
  for await (const line of linesOf(file.stream())) lines += line.trim() === "" ? 0 : 1;
  return lines;
}

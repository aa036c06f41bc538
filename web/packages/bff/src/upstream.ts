import { apiUrl, BODY_BYTES_BUFFERED, type BffConfig } from "./config";

/** The API does not answer. */
export class Unreachable extends Error {}

interface Sent {
  headers: Headers;
  body?: RequestInit["body"];
  signal?: AbortSignal;
  search?: string;
}

const REQUEST_HEADERS = [
  "accept",
  "accept-language",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "traceparent",
  "x-forwarded-for",
];

const ANSWER_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-type",
  "etag",
  "idempotency-replayed",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "x-request-id",
];

/** Ask the API. Raises Unreachable when there is no answer. */
export async function send(config: BffConfig, method: string, path: string, sent: Sent): Promise<Response> {
  const { headers, body, signal, search = "" } = sent;
  try {
    return await fetch(`${apiUrl(config)}${config.prefix}${path}${search}`, {
      method,
      headers,
      body,
      signal,
      redirect: "manual",
      cache: "no-store",
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    });
  } catch (error) {
    throw new Unreachable("the API does not answer", { cause: error });
  }
}

/** Of a page's headers those that concern the API: no cookie, no Expect. The client's address is as peer.cjs says it. */
export function requestHeaders(from: Headers, accessToken?: string): Headers {
  const headers = pick(from, REQUEST_HEADERS);
  if (accessToken) headers.set("authorization", `Bearer ${accessToken}`);
  return headers;
}

export const answerHeaders = (from: Headers) => pick(from, ANSWER_HEADERS);

/** The body of a page's request: whole when it is small, else as it comes. */
export async function bodyOf(request: Request): Promise<RequestInit["body"]> {
  if (request.body === null) return null;
  const bytes = Number(request.headers.get("content-length") ?? Infinity);
  return bytes <= BODY_BYTES_BUFFERED ? request.arrayBuffer() : request.body;
}

function pick(from: Headers, names: readonly string[]): Headers {
  const found = names.map((name) => [name, from.get(name)] as const);
  return new Headers(found.filter((pair): pair is [string, string] => pair[1] !== null));
}

import { NextResponse } from "next/server";

interface Refusal {
  status: number;
  title: string;
  code: string;
  detail: string;
  retry_after_seconds?: number;
}

/** RFC 9457, as the APIs themselves answer. */
export function refuse(refusal: Refusal): NextResponse {
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (refusal.retry_after_seconds) headers.set("retry-after", String(refusal.retry_after_seconds));
  return new NextResponse(JSON.stringify({ type: `/docs#${refusal.code}`, ...refusal }), {
    status: refusal.status,
    headers,
  });
}

export const notFound = () =>
  refuse({ status: 404, title: "Not Found", code: "route_not_found", detail: "There is nothing at this address." });

export const foreignRequest = () =>
  refuse({
    status: 403,
    title: "Forbidden",
    code: "foreign_request",
    detail: "This request did not come from a page of this site.",
  });

export const signedOut = () =>
  refuse({
    status: 401,
    title: "Unauthorized",
    code: "session_ended",
    detail: "Your session has ended. Sign in again to go on.",
  });

export const unreachable = () =>
  refuse({
    status: 502,
    title: "Bad Gateway",
    code: "api_unreachable",
    detail: "Laurel cannot be reached right now. Nothing was lost; try again in a moment.",
    retry_after_seconds: 2,
  });

import { SAME_SITE_HEADER } from "@laurel/api-client";
import type { NextRequest } from "next/server";

const SAFE = new Set(["GET", "HEAD"]);

/**
 * Whether a page of this site sent the request. The browser says so in Sec-Fetch-Site, which scripts cannot set; where
 * it does not, Origin must be this host. A change also needs a header that no foreign form or image can carry.
 */
export function isOurOwn(request: NextRequest): boolean {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  if (site !== null && site !== "same-origin" && !(site === "none" && SAFE.has(request.method))) return false;
  if (origin !== null && hostOf(origin) !== request.headers.get("host")) return false;
  return SAFE.has(request.method) || request.headers.has(SAME_SITE_HEADER);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

import { cookies } from "next/headers";

import { type BffConfig } from "./config";
import { isFresh, openSession } from "./session";
import { requestHeaders, send } from "./upstream";

/** Whether the browser holds a session that this server sealed. The API may still refuse it. */
export async function isSignedIn(config: BffConfig): Promise<boolean> {
  return (await read(config)) !== null;
}

/**
 * What the API answers to GET `path`, for the first paint of a page. Null when there is no session, none that is fresh
 * (a page cannot keep a new one: the browser's own request will), or no good answer.
 */
export async function prefetched<Data>(config: BffConfig, path: string): Promise<Data | null> {
  const session = await read(config);
  if (session === null || !isFresh(session)) return null;
  try {
    const headers = requestHeaders(new Headers({ accept: "application/json" }), session.accessToken);
    const answer = await send(config, "GET", path, { headers, signal: AbortSignal.timeout(1_000) });
    return answer.ok ? ((await answer.json()) as Data) : null;
  } catch {
    return null;
  }
}

/** The session's access token, for a server side that speaks to the API itself. */
async function read(config: BffConfig) {
  return openSession((await cookies()).get(config.cookie)?.value, config);
}

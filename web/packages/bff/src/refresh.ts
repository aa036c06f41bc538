import { type BffConfig } from "./config";
import { isFresh, type Session, sessionOf } from "./session";
import { send, Unreachable } from "./upstream";

/**
 * A refresh token is good for one use, and a second use ends the session. But a browser sends many requests with one
 * cookie at a time: the first of them refreshes, and all that bring the same token within a while get its outcome.
 */
const flights = sharedFlights();
const REMEMBERED_MS = 120_000;

/** A session that is fresh; null when it cannot go on. Raises Unreachable when the API is away. */
export async function fresh(session: Session, config: BffConfig): Promise<Session | null> {
  let current: Session | null = session;
  while (current !== null && !isFresh(current)) current = await refreshOnce(current, config);
  return current;
}

function refreshOnce(session: Session, config: BffConfig): Promise<Session | null> {
  const token = session.refreshToken;
  const known = flights.get(token);
  if (known) return known;
  const flight = refresh(token, config);
  flights.set(token, flight);
  flight.then(
    () => setTimeout(() => flights.delete(token), REMEMBERED_MS).unref(),
    () => flights.delete(token),
  );
  return flight;
}

async function refresh(token: string, config: BffConfig): Promise<Session | null> {
  const response = await send(config, "POST", "/refresh", {
    headers: new Headers({ "content-type": "application/json" }),
    body: JSON.stringify({ refresh_token: token }),
  });
  if (response.ok) return sessionOf((await response.json()) as Parameters<typeof sessionOf>[0]);
  if (response.status >= 500 || response.status === 429) throw new Unreachable("the session cannot be refreshed now");
  return null;
}

/** One map for the process: the bundler may load this module once for each route. */
function sharedFlights(): Map<string, Promise<Session | null>> {
  const shared = globalThis as { laurelRefreshFlights?: Map<string, Promise<Session | null>> };
  return (shared.laurelRefreshFlights ??= new Map<string, Promise<Session | null>>());
}

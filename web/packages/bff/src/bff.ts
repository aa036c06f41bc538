import { type NextRequest, NextResponse } from "next/server";

import { type BffConfig, isAllowed } from "./config";
import { isOurOwn } from "./guard";
import { foreignRequest, notFound, signedOut, unreachable } from "./problem";
import { fresh } from "./refresh";
import { forgetSession, keepSession, openSession, type Session, sessionOf } from "./session";
import { answerHeaders, bodyOf, requestHeaders, send, Unreachable } from "./upstream";

type Handler = (request: NextRequest) => Promise<NextResponse>;

/** Asks the API as the one who is signed in. */
export type AskAs = (method: string, path: string, body: string, headers?: Record<string, string>) => Promise<Response>;

/** The route handlers through which an app's pages reach their API. */
export interface Bff {
  /** For `<prefix>/[...path]`: forwards what is allowed, with the session's token. */
  forward: Handler;
  /** POST: sign in. */
  signIn: Handler;
  /** DELETE: sign out. */
  signOut: Handler;
  /** For `/assets/[...path]`: pictures that the API serves to everyone. */
  assets: Handler;
  /** For what an app's own server side does for the one who is signed in. */
  handler: (handle: (request: NextRequest, ask: AskAs) => Promise<NextResponse>) => Handler;
}

export function createBff(config: BffConfig): Bff {
  return {
    forward: guarded((request) => forward(request, config)),
    signIn: guarded((request) => signIn(request, config)),
    signOut: guarded((request) => signOut(request, config)),
    assets: (request) => whenReachable(() => assets(request, config)),
    handler: (handle) =>
      guarded((request) => withSession(request, config, (session) => handle(request, askAs(session, config)))),
  };
}

const guarded =
  (handle: Handler): Handler =>
  (request) =>
    isOurOwn(request) ? whenReachable(() => handle(request)) : Promise.resolve(foreignRequest());

async function whenReachable(handle: () => Promise<NextResponse>): Promise<NextResponse> {
  try {
    return await handle();
  } catch (error) {
    // the cause of an Unreachable may hold a request with its token: it is not told to anyone
    if (error instanceof Unreachable) return unreachable();
    throw error;
  }
}

async function forward(request: NextRequest, config: BffConfig): Promise<NextResponse> {
  const path = request.nextUrl.pathname.slice(config.prefix.length);
  if (isAllowed(config.open ?? [], request.method, path)) return pass(request, config, path, null);
  if (!isAllowed(config.allow, request.method, path)) return notFound();
  return withSession(request, config, (session) => pass(request, config, path, session));
}

async function withSession(
  request: NextRequest,
  config: BffConfig,
  handle: (session: Session) => Promise<NextResponse>,
): Promise<NextResponse> {
  const kept = await openSession(request.cookies.get(config.cookie)?.value, config);
  if (kept === null) return ended(request, config);
  const session = await fresh(kept, config);
  if (session === null) return ended(request, config);
  const response = await handle(session);
  if (response.status === 401) forgetSession(response, request, config);
  else if (session !== kept) await keepSession(response, request, session, config);
  return response;
}

const askAs =
  (session: Session, config: BffConfig): AskAs =>
  (method, path, body, headers = {}) =>
    send(config, method, path, {
      headers: requestHeaders(new Headers({ "content-type": "application/json", ...headers }), session.accessToken),
      body,
    });

async function pass(
  request: NextRequest,
  config: BffConfig,
  path: string,
  session: Session | null,
): Promise<NextResponse> {
  const answer = await send(config, request.method, path, {
    headers: requestHeaders(request.headers, session?.accessToken),
    body: await bodyOf(request),
    signal: request.signal,
    search: request.nextUrl.search,
  });
  const headers = answerHeaders(answer.headers);
  if (headers.get("content-type")?.startsWith("text/event-stream"))
    headers.set("cache-control", "no-cache, no-transform");
  else if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return new NextResponse(answer.body, { status: answer.status, headers });
}

async function signIn(request: NextRequest, config: BffConfig): Promise<NextResponse> {
  const headers = requestHeaders(request.headers);
  const answer = await send(config, "POST", "/login", { headers, body: await request.arrayBuffer() });
  if (!answer.ok)
    return new NextResponse(answer.body, { status: answer.status, headers: answerHeaders(answer.headers) });
  const response = new NextResponse(null, { status: 204, headers: { "cache-control": "no-store" } });
  const session = sessionOf((await answer.json()) as Parameters<typeof sessionOf>[0]);
  await keepSession(response, request, session, config);
  return response;
}

async function signOut(request: NextRequest, config: BffConfig): Promise<NextResponse> {
  const session = await openSession(request.cookies.get(config.cookie)?.value, config);
  if (session !== null) await endSession(session, config);
  const response = new NextResponse(null, { status: 204, headers: { "cache-control": "no-store" } });
  forgetSession(response, request, config);
  return response;
}

/** Best effort: who signs out while the API is away is signed out here all the same. */
async function endSession(session: Session, config: BffConfig): Promise<void> {
  const headers = new Headers({ "content-type": "application/json" });
  const body = JSON.stringify({ refresh_token: session.refreshToken });
  await send(config, "POST", "/logout", { headers, body }).catch(() => undefined);
}

async function assets(request: NextRequest, config: BffConfig): Promise<NextResponse> {
  const path = request.nextUrl.pathname;
  if (!/^\/assets\/[\w./-]+$/.test(path) || path.includes("..")) return notFound();
  const answer = await send({ ...config, prefix: "" }, "GET", path, { headers: requestHeaders(request.headers) });
  return new NextResponse(answer.body, { status: answer.status, headers: answerHeaders(answer.headers) });
}

function ended(request: NextRequest, config: BffConfig): NextResponse {
  const response = signedOut();
  if (request.cookies.has(config.cookie)) forgetSession(response, request, config);
  return response;
}

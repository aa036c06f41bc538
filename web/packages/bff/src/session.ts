import { EncryptJWT, jwtDecrypt } from "jose";
import type { NextRequest, NextResponse } from "next/server";

import { type BffConfig, SESSION_SECONDS, sessionKey } from "./config";

/**
 * A sign-in, kept in the browser as an httpOnly cookie that only this server can read (JWE, A256GCM). The page's
 * scripts never see a token; the server keeps no store, so it may be restarted at any time.
 */
export interface Session {
  accessToken: string;
  refreshToken: string;
  /** When the access token should be replaced: milliseconds since the epoch, a little before it expires. */
  freshUntil: number;
}

interface SessionAnswer {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

const MARGIN = 0.1;

/** The session in an answer to a sign-in or a refresh. */
export function sessionOf(answer: SessionAnswer, now = Date.now()): Session {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = answer;
  return { accessToken, refreshToken, freshUntil: now + seconds * 1000 * (1 - MARGIN) };
}

export const isFresh = (session: Session, now = Date.now()) => now < session.freshUntil;

async function seal(session: Session, config: BffConfig): Promise<string> {
  return new EncryptJWT({ ...session })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setAudience(config.cookie)
    .setExpirationTime(`${SESSION_SECONDS}s`)
    .encrypt(sessionKey());
}

/** The session in a cookie's value; null when there is none, or none that this server sealed. */
export async function openSession(sealed: string | undefined, config: BffConfig): Promise<Session | null> {
  if (!sealed) return null;
  const key = sessionKey();
  try {
    const { payload } = await jwtDecrypt(sealed, key, { audience: config.cookie });
    const { accessToken, refreshToken, freshUntil } = payload as unknown as Session;
    return { accessToken, refreshToken, freshUntil };
  } catch {
    return null;
  }
}

export async function keepSession(response: NextResponse, request: NextRequest, session: Session, config: BffConfig) {
  response.cookies.set(config.cookie, await seal(session, config), cookieOptions(request, SESSION_SECONDS));
}

export function forgetSession(response: NextResponse, request: NextRequest, config: BffConfig) {
  response.cookies.set(config.cookie, "", cookieOptions(request, 0));
}

const cookieOptions = (request: NextRequest, maxAge: number) =>
  ({ httpOnly: true, sameSite: "lax", path: "/", maxAge, secure: isHttps(request) }) as const;

const isHttps = (request: NextRequest) =>
  (request.headers.get("x-forwarded-proto") ?? request.nextUrl.protocol).startsWith("https");

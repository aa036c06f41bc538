import { createHash } from "node:crypto";

/** What an app's server side may do for its pages. */
export interface BffConfig {
  /** Name of the session's cookie. Cookies ignore ports: each app needs a name of its own. */
  cookie: string;
  /** Where the API's paths begin, as in "/api/customer". */
  prefix: string;
  /** The environment variable that holds the API's address, and the address when it is not set. */
  apiUrl: { variable: string; fallback: string };
  /** "METHOD /path" below the prefix; `{}` stands for one segment. Everything else is a 404. Never a sign-in. */
  allow: readonly string[];
  /** Those of them that need no session. */
  open?: readonly string[];
}

export const BODY_BYTES_BUFFERED = 1_000_000;
export const SESSION_SECONDS = 30 * 86_400;

export const apiUrl = (config: BffConfig) =>
  (process.env[config.apiUrl.variable] ?? config.apiUrl.fallback).replace(/\/$/, "");

/** The key that seals sessions: 256 bits from LAUREL_WEB_SESSION_KEY. Raises when it is missing or short. */
export function sessionKey(): Uint8Array {
  const secret = process.env.LAUREL_WEB_SESSION_KEY ?? "";
  if (secret.length < 32) throw new Error("LAUREL_WEB_SESSION_KEY must be set, to 32 characters or more");
  return createHash("sha256").update(secret).digest();
}

/** Whether a path is one that pages may ask for. */
export function isAllowed(patterns: readonly string[], method: string, path: string): boolean {
  const asked = path.split("/");
  return patterns.some((pattern) => {
    const [verb = "", route = ""] = pattern.split(" ");
    const parts = route.split("/");
    return verb === method && parts.length === asked.length && parts.every((part, at) => fits(part, asked[at] ?? ""));
  });
}

const fits = (part: string, asked: string) =>
  part === "{}" ? /^[\w.~-]+$/.test(asked) && !/^\.+$/.test(asked) : part === asked;

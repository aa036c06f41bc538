import { SAME_SITE_HEADER, unwrap } from "@laurel/api-client";

/** Where this app's own server opens and closes sessions. The token stays there, in a cookie no script can read. */
const SESSION = "/api/session";

/** Sign in. Raises ApiError. */
export async function signIn(email: string, password: string): Promise<void> {
  await send({ method: "POST", body: JSON.stringify({ email, password }) });
}

export async function signOut(): Promise<void> {
  await send({ method: "DELETE" });
}

async function send(init: RequestInit): Promise<void> {
  const headers = { "content-type": "application/json", [SAME_SITE_HEADER]: "1" };
  const response = await fetch(SESSION, { ...init, headers });
  const error: unknown = response.ok ? undefined : await response.json().catch(() => undefined);
  await unwrap(Promise.resolve({ error, response }));
}

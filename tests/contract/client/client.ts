// What a shop's developer writes against clients generated from both documents: every kind of route, without a cast and
// without `any`. It is compiled and not run: see tests/contract/test_typescript_client.py.
import createClient from "openapi-fetch";
import type { components as AdminParts, paths as AdminPaths } from "./admin";
import type { components as CustomerParts, paths as CustomerPaths } from "./customer";

type Customer = CustomerParts["schemas"];
type Admin = AdminParts["schemas"];

const shop = createClient<CustomerPaths>({ baseUrl: "https://shop.example" });
const office = createClient<AdminPaths>({ baseUrl: "https://office.example" });

const fail = (problem: { code: string; detail: string; request_id: string }): never => {
  throw new Error(`${problem.code}: ${problem.detail} (${problem.request_id})`);
};

export async function join(email: string, password: string): Promise<Customer["Session"]> {
  const joined = await shop.POST("/api/customer/register", { body: { email, password, name: "Ada" } });
  if (joined.error) return fail(joined.error);
  const { data, error } = await shop.POST("/api/customer/login", { body: { email, password } });
  return data ?? fail(error);
}

export async function buy(purchase: Customer["NewTransaction"], key: string): Promise<string> {
  const { data, error } = await shop.POST("/api/customer/transaction", {
    params: { header: { "Idempotency-Key": key } },
    body: purchase,
  });
  if (data) return data.transaction_id;
  switch (error.code) {
    case "external_id_reused":
      return fail({ ...error, detail: error.external_id ?? error.detail });
    case "validation_failed":
      return fail({ ...error, detail: (error.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`).join() });
    case "rate_limited":
      return fail({ ...error, detail: `again in ${(error.retry_after_seconds ?? 1).toFixed()} s` });
    default:
      return fail(error);
  }
}

export async function everyPurchase(): Promise<Customer["Transaction"][]> {
  const found: Customer["Transaction"][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query: { limit: number; cursor?: string } = cursor === undefined ? { limit: 100 } : { limit: 100, cursor };
    const { data, error } = await shop.GET("/api/customer/transactions", { params: { query } });
    if (!data) return fail(error);
    found.push(...data.data);
    cursor = data.next_cursor;
  }
  return found;
}

export async function whyNot(): Promise<number> {
  const { data, error } = await shop.GET("/api/customer/rewards", { params: { query: {} } });
  if (!data) return fail(error);
  return data.data.flatMap(({ reasons }) => reasons).reduce((sum, reason) => sum + (reason.points_missing ?? 0), 0);
}

export async function balance(): Promise<{ points: number; tier: string; soon: string | undefined }> {
  const { data, error } = await shop.GET("/api/customer/points");
  if (!data) return fail(error);
  return { points: data.available, tier: data.tier.name, soon: data.expiring[0]?.expires_at };
}

export async function redeem(reward_id: string, key: string): Promise<"pending" | Customer["Redemption"]["status"]> {
  const asked = await shop.POST("/api/customer/redeem", {
    params: { header: { "Idempotency-Key": key } },
    body: { reward_id },
  });
  if (!asked.data) return fail(asked.error);
  const { data, error } = await shop.GET("/api/customer/redemptions/{redemption_id}", {
    params: { path: { redemption_id: asked.data.redemption_id } },
  });
  return data ? data.status : fail(error);
}

export async function rename(name: string): Promise<string | null> {
  const { data, error } = await shop.PATCH("/api/customer/profile", { body: { name } });
  return data ? data.name : fail(error);
}

export async function adjust(member_id: string, points: number, key: string): Promise<Admin["Member"] | undefined> {
  const changed = await office.POST("/api/admin/members/{member_id}/adjustments", {
    params: { path: { member_id }, header: { "Idempotency-Key": key } },
    body: { points, reason: "a gift" },
  });
  if (changed.error) return fail(changed.error);
  const { data } = await office.GET("/api/admin/members/{member_id}", { params: { path: { member_id } } });
  return data;
}

export async function removeWebhook(webhook_id: string): Promise<void> {
  const { error } = await office.DELETE("/api/admin/webhooks/{webhook_id}", { params: { path: { webhook_id } } });
  if (error) fail(error);
}

// What the documents do not allow does not compile.
export async function mistakes(): Promise<void> {
  // @ts-expect-error there is no such route
  await shop.GET("/api/customer/nothing");
  // @ts-expect-error a purchase has a currency
  await shop.POST("/api/customer/transaction", { body: { amount: "1.00", merchant_id: "m" } });
  // @ts-expect-error amounts are decimal strings
  await shop.POST("/api/customer/transaction", { body: { amount: 1, currency: "GBP", merchant_id: "m" } });
  const { data } = await shop.GET("/api/customer/points");
  // @ts-expect-error a balance has no such field
  data?.nothing;
}

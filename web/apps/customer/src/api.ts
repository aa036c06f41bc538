import { ApiError, problemOf, SAME_SITE_HEADER, unwrap } from "@laurel/api-client";
import { createCustomerClient, type CustomerSchemas } from "@laurel/api-client/customer";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import type { Growing } from "@/live/growing";

export const client = createCustomerClient();

export type Points = CustomerSchemas["PointsBalance"];
export type Profile = CustomerSchemas["Profile"];
export type Purchase = CustomerSchemas["Transaction"];
export type Receipt = CustomerSchemas["TransactionReceipt"];
export type Steps = CustomerSchemas["ReceiptSteps"];
export type Reward = CustomerSchemas["Reward"];
export type Redemption = CustomerSchemas["Redemption"];
export type Friend = CustomerSchemas["Friend"];
export type FriendTerms = CustomerSchemas["FriendTerms"];
export type ProfilePatch = CustomerSchemas["ProfilePatch"];
export type Registration = CustomerSchemas["Registration"];

const PAGE = 25;

export const points = queryOptions({
  queryKey: ["points"],
  queryFn: () => unwrap(client.GET("/api/customer/points")),
});

export const profile = queryOptions({
  queryKey: ["profile"],
  queryFn: () => unwrap(client.GET("/api/customer/profile")),
});

export const purchases: Growing<Purchase> = {
  key: "purchases",
  page: (cursor) => unwrap(client.GET("/api/customer/transactions", { params: { query: { limit: PAGE, cursor } } })),
  idOf: ({ transaction_id }) => transaction_id,
};

export const recentPurchases = queryOptions({
  queryKey: ["purchases", "recent"],
  queryFn: () => unwrap(client.GET("/api/customer/transactions", { params: { query: { limit: 5 } } })),
});

export const purchase = (id: string) =>
  queryOptions({
    queryKey: ["purchase", id],
    queryFn: () =>
      unwrap(client.GET("/api/customer/transactions/{transaction_id}", { params: { path: { transaction_id: id } } })),
  });

export const receipt = (id: string) =>
  queryOptions({
    queryKey: ["purchase", id, "receipt"],
    queryFn: () =>
      unwrap(
        client.GET("/api/customer/transactions/{transaction_id}/receipt", { params: { path: { transaction_id: id } } }),
      ),
  });

export const rewards = queryOptions({
  queryKey: ["rewards"],
  queryFn: async () => {
    const found: Reward[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await unwrap(client.GET("/api/customer/rewards", { params: { query: { limit: 100, cursor } } }));
      found.push(...page.data);
      cursor = page.next_cursor ?? undefined;
    }
    return cheapestFirst(found);
  },
});

const cheapestFirst = (found: Reward[]) => found.sort((one, other) => one.points_cost - other.points_cost);

/** All rewards, when a first page has them all. */
export const rewardsOf = ({ data, next_cursor }: CustomerSchemas["RewardPage"]) =>
  next_cursor === null ? cheapestFirst(data) : null;

export const redemptions: Growing<Redemption> = {
  key: "redemptions",
  page: (cursor) => unwrap(client.GET("/api/customer/redemptions", { params: { query: { limit: PAGE, cursor } } })),
  idOf: ({ redemption_id }) => redemption_id,
};

export const friends = infiniteQueryOptions({
  queryKey: ["friends"],
  queryFn: ({ pageParam }) =>
    unwrap(client.GET("/api/customer/referrals", { params: { query: { limit: PAGE, cursor: pageParam } } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const redemption = (id: string) =>
  queryOptions({
    queryKey: ["redemption", id],
    queryFn: () =>
      unwrap(client.GET("/api/customer/redemptions/{redemption_id}", { params: { path: { redemption_id: id } } })),
  });

export const redeem = (rewardId: string, intention: string) =>
  unwrap(
    client.POST("/api/customer/redeem", {
      params: { header: { "Idempotency-Key": intention } },
      body: { reward_id: rewardId },
    }),
  );

/** A name for one intention of the user: sent again it has no second effect. Works on plain http, too. */
export function newIntention(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Ask this app's own server. Raises ApiError. */
export async function ask(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(path, {
    method,
    headers: { [SAME_SITE_HEADER]: "1", "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new ApiError({
    title: response.statusText,
    code: "unexpected_answer",
    ...((await response.json().catch(() => ({}))) as object),
    status: response.status,
  });
}

export const signIn = (email: string, password: string) => ask("POST", "/api/session", { email, password });

const AWAY = new Set([0, 502, 503, 504]);

/** Whether nobody answered: it will be asked again until somebody does. */
export const isAway = (error: unknown) => AWAY.has(problemOf(error).status);
export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

import { get } from "@/api/queries";

import type { NewDefinition } from "./draft";

const MOST = 100;

/** What the rules in force say now, without one of them. */
export async function activeDefinitions(without?: string): Promise<NewDefinition[]> {
  const page = await get("/api/admin/earning-rules", { query: { status: "active", limit: MOST } });
  return page.data.filter(({ rule_id }) => rule_id !== without).map(({ definition }) => definition);
}

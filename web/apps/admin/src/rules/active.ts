import { get } from "@/api/queries";

import type { NewDefinition } from "./draft";

const MOST = 100;

/** What the rules in force say now, without one of them. */
export async function activeDefinitions(without?: string): Promise<NewDefinition[]> {
  const page = await get("/api/admin/earning-rules", { query: { status: "active", limit: MOST } });
  const others = page.data.filter(({ rule_id }) => rule_id !== without);
  const known = await Promise.all(
    others.map(({ rule_id }) => get("/api/admin/earning-rules/{rule_id}", { path: { rule_id } })),
  );
  return known.flatMap(
    ({ versions, active_version }) => versions.find(({ version }) => version === active_version)?.definition ?? [],
  );
}

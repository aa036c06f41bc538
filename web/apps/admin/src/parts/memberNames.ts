import { get } from "@/api/queries";

/**
 * What members are called, asked for together: a page of fifty purchases is one question more, not fifty.
 * Null stands for a member without a name, email or external id.
 */
const AT_ONCE = 100;

type Settle = (names: Map<string, string | null> | Error) => void;
let waiting = new Map<string, Settle[]>();

export function memberNameOf(id: string): Promise<string | null> {
  if (waiting.size === 0) setTimeout(() => void ask(), 0);
  return new Promise((resolve, reject) => {
    const settle: Settle = (names) => (names instanceof Error ? reject(names) : resolve(names.get(id) ?? null));
    waiting.set(id, [...(waiting.get(id) ?? []), settle]);
  });
}

async function ask(): Promise<void> {
  const asked = waiting;
  waiting = new Map();
  const ids = [...asked.keys()];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const outcome = await namesOf(some).catch((error: unknown) => (error instanceof Error ? error : new Error()));
    for (const id of some) for (const settle of asked.get(id) ?? []) settle(outcome);
  }
}

async function namesOf(ids: string[]): Promise<Map<string, string | null>> {
  const page = await get("/api/admin/members", { query: { ids: ids.join(","), limit: AT_ONCE } });
  return new Map(page.data.map((member) => [member.member_id, member.name ?? member.email ?? member.external_id]));
}

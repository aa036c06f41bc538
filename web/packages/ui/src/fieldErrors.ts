import type { Problem } from "@laurel/api-client";

/** What is wrong with each field of a form, by its dotted path: /items/2/amount is items.2.amount. */
export function fieldErrors(problem: Problem): Record<string, string> {
  const named = (problem.errors ?? []).filter((error) => error.pointer.length > 1);
  return Object.fromEntries(named.map((error) => [error.pointer.slice(1).replaceAll("/", "."), error.detail]));
}

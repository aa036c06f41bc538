/** Redemptions that were left while they were pending: their outcome is told wherever the member is by then. */
export const awaited = new Set<string>();

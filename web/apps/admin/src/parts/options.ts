/** Names by value, as a choice of one of them wants it. */
export const options = (names: Record<string, string>) =>
  Object.entries(names).map(([value, label]) => ({ value, label }));

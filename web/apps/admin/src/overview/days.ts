/** Days of a calendar as the API writes them, 2026-03-01. */

const DAY_MILLISECONDS = 86_400_000;

/** Today in a time zone. */
export function todayIn(timeZone: string, now = new Date()): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const { year, month, day } = Object.fromEntries(parts.formatToParts(now).map(({ type, value }) => [type, value]));
  return `${year}-${month}-${day}`;
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

/** The last `count` days up to and including this one, and as many before them. */
export function rangesTo(last: string, count: number) {
  const from = addDays(last, 1 - count);
  return { now: { from, to: last }, before: { from: addDays(from, -count), to: addDays(from, -1) } };
}

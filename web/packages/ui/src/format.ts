"use client";

import { useLocale } from "./i18n";
import type { Locale } from "./locale";

const units = {
  en: { point: "point", points: "points", short: "pts", perSecond: "/s" },
  de: { point: "Punkt", points: "Punkte", short: "Pkt.", perSecond: "/s" },
};

const tags: Record<Locale, string> = { en: "en-GB", de: "de-DE" };

/** A time as the API gives it, RFC 3339, or what Date takes. */
type Moment = string | number | Date;

export type Format = ReturnType<typeof formats>;

/** Numbers with their units and times in the user's zone, in the language chosen. */
export function useFormat(): Format {
  const { locale, timeZone } = useLocale();
  return formats(locale, timeZone);
}

const known = new Map<string, ReturnType<typeof makeFormats>>();

/** The formats of a language. `timeZone` is the user's own when left out. Each is made once for the whole app, and when
 * it is first needed: a browser takes longer to make one than to use it a hundred times. */
export function formats(locale: Locale, timeZone?: string) {
  const key = `${locale} ${timeZone ?? ""}`;
  const made = known.get(key) ?? makeFormats(locale, timeZone);
  known.set(key, made);
  return made;
}

const later = <Made>(make: () => Made) => {
  let made: Made | undefined;
  return () => (made ??= make());
};

function makeFormats(locale: Locale, timeZone?: string) {
  const tag = tags[locale];
  const unit = units[locale];
  const numbers = (options: Intl.NumberFormatOptions) => later(() => new Intl.NumberFormat(tag, options));
  const times = (options: Intl.DateTimeFormatOptions) => later(() => new Intl.DateTimeFormat(tag, options));
  const whole = numbers({ maximumFractionDigits: 0 });
  const signed = numbers({ maximumFractionDigits: 0, signDisplay: "exceptZero" });
  const short = numbers({ notation: "compact", maximumFractionDigits: 1 });
  const decimal = numbers({ maximumFractionDigits: 4 });
  const share = numbers({ style: "percent", maximumFractionDigits: 1 });
  const date = times({ dateStyle: "medium", timeZone });
  const dateTime = times({ dateStyle: "medium", timeStyle: "short", timeZone });
  const exact = times({ dateStyle: "full", timeStyle: "long", timeZone });
  const clock = times({ timeStyle: "medium", timeZone });
  const day = times({ day: "numeric", month: "short", timeZone: "UTC" });
  const dayOfYear = times({ dateStyle: "medium", timeZone: "UTC" });
  const month = times({ month: "short", year: "numeric", timeZone: "UTC" });
  const relative = later(() => new Intl.RelativeTimeFormat(tag, { numeric: "auto" }));
  const monies = new Map<string, Intl.NumberFormat>();
  const inMoney = (amount: string, currency: string, signDisplay: "auto" | "exceptZero") => {
    const key = `${currency} ${signDisplay}`;
    const money = monies.get(key) ?? new Intl.NumberFormat(tag, { style: "currency", currency, signDisplay });
    monies.set(key, money);
    return money.format(amount as Intl.StringNumericLiteral);
  };

  const word = (points: number) => (Math.abs(points) === 1 ? unit.point : unit.points);

  return {
    tag,
    number: (value: number) => whole().format(value),
    /** 12.3K: for axes, where there is no room for more. */
    compact: (value: number) => short().format(value),
    decimal: (value: string | number) => decimal().format(value as Intl.StringNumericLiteral),
    points: (value: number) => `${whole().format(value)} ${word(value)}`,
    signedPoints: (value: number) => `${signed().format(value)} ${word(value)}`,
    shortPoints: (value: number) => `${short().format(value)} ${unit.short}`,
    /** A decimal string of the API, without a detour through a float. */
    money: (amount: string, currency: string) => inMoney(amount, currency, "auto"),
    signedMoney: (amount: string, currency: string) => inMoney(amount, currency, "exceptZero"),
    /** A share between 0 and 1, such as "0.1250". */
    percent: (value: string | number) => share().format(Number(value)),
    perSecond: (value: number) => `${decimal().format(Math.round(value * 10) / 10)}${unit.perSecond}`,
    date: (value: Moment) => date().format(new Date(value)),
    dateTime: (value: Moment) => dateTime().format(new Date(value)),
    exactTime: (value: Moment) => exact().format(new Date(value)),
    clock: (value: Moment) => clock().format(new Date(value)),
    /** A day of the program's calendar (2026-03-01): the same day in whatever zone it is read. */
    day: (value: string) => day().format(new Date(`${value}T00:00:00Z`)),
    dayOfYear: (value: string) => dayOfYear().format(new Date(`${value}T00:00:00Z`)),
    month: (value: string) => month().format(new Date(`${value}-01T00:00:00Z`)),
    duration: (seconds: number) => duration(seconds, tag),
    ago: (value: Moment, now = Date.now()) => {
      const [amount, name] = largestUnit((new Date(value).getTime() - now) / 1000);
      return relative().format(amount, name);
    },
  };
}

const spans = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

function largestUnit(seconds: number): [number, Intl.RelativeTimeFormatUnit] {
  for (const [name, length] of spans) {
    if (Math.abs(seconds) >= length) return [Math.round(seconds / length), name];
  }
  return [Math.round(seconds), "second"];
}

function duration(seconds: number, tag: string): string {
  if (seconds > 0 && seconds < 1) return inUnit(Math.round(seconds * 1000), "millisecond", tag);
  const [amount, name] = largestUnit(seconds);
  return inUnit(name === "second" ? Math.round(seconds * 10) / 10 : amount, name, tag);
}

function inUnit(amount: number, unit: string, tag: string): string {
  return new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(
    amount,
  );
}

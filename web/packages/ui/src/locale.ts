/** Languages, and which of them a request asks for. Usable on the server: no React here. */

export const locales = ["en", "de"] as const;
export type Locale = (typeof locales)[number];

export const localeNames: Record<Locale, string> = { en: "English", de: "Deutsch" };
export const localeCookie = "laurel-language";

/** The language that the cookie names, else the first of Accept-Language that we have, else English. */
export function negotiateLocale(cookie: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(cookie)) return cookie;
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => part.trim().slice(0, 2).toLowerCase())
    .find(isLocale);
  return wanted ?? "en";
}

function isLocale(value: string | undefined): value is Locale {
  return locales.some((locale) => locale === value);
}

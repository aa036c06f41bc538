"use client";

import { createContext, type ReactNode, useCallback, useContext, useDeferredValue, useMemo, useState } from "react";

import { type Locale, localeCookie } from "./locale";

interface LocaleState {
  locale: Locale;
  /**
   * The user's own zone, as undefined. The server does not know it: what it writes, and the page until React has taken
   * over, is in UTC, or the two would differ.
   */
  timeZone: string | undefined;
  choose: (locale: Locale) => void;
}

const LocaleContext = createContext<LocaleState | null>(null);

/** Everything below speaks this language until the user chooses another; the choice is kept in a cookie for a year. */
export function LocaleProvider({ initial, children }: { initial: Locale; children: ReactNode }) {
  const [locale, setLocale] = useState(initial);
  // what shows times is drawn again bit by bit, so that nobody waits for it
  const timeZone = useDeferredValue(undefined, "UTC");
  const choose = useCallback((chosen: Locale) => {
    document.cookie = `${localeCookie}=${chosen}; path=/; max-age=31536000; samesite=lax`;
    document.documentElement.lang = chosen;
    setLocale(chosen);
  }, []);
  const state = useMemo(() => ({ locale, timeZone, choose }), [locale, timeZone, choose]);
  return <LocaleContext value={state}>{children}</LocaleContext>;
}

export function useLocale(): LocaleState {
  const state = useContext(LocaleContext);
  if (state === null) throw new Error("useLocale is called outside LocaleProvider");
  return state;
}

/**
 * An app's text in the language chosen. Declare the second language with the type of the first, and the compiler finds
 * every text that is missing: `const de: typeof en = …`. What has a number in it is a function.
 */
export function useTextIn<Text>(languages: Record<Locale, Text>): Text {
  return languages[useLocale().locale];
}

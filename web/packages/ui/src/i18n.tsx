"use client";

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

import { type Locale, localeCookie } from "./locale";

interface LocaleState {
  locale: Locale;
  choose: (locale: Locale) => void;
}

const LocaleContext = createContext<LocaleState | null>(null);

/** Everything below speaks this language until the user chooses another; the choice is kept in a cookie for a year. */
export function LocaleProvider({ initial, children }: { initial: Locale; children: ReactNode }) {
  const [locale, setLocale] = useState(initial);
  const choose = useCallback((chosen: Locale) => {
    document.cookie = `${localeCookie}=${chosen}; path=/; max-age=31536000; samesite=lax`;
    document.documentElement.lang = chosen;
    setLocale(chosen);
  }, []);
  const state = useMemo(() => ({ locale, choose }), [locale, choose]);
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

"use client";

import { ColorSchemeScript, MantineProvider, mergeThemeOverrides } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { setNonce } from "get-nonce";
import { type ReactNode, useMemo, useState } from "react";

import { LocaleProvider } from "./i18n";
import type { Locale } from "./locale";
import { useUiText } from "./messages";
import { cssVariables, theme } from "./theme";

interface ThemingProps {
  locale: Locale;
  /** The nonce of the page's content security policy, for the styles that Mantine writes. */
  nonce?: string;
  children: ReactNode;
}

/** Colours, type and language for a whole app. Put it around everything in the root layout's body. */
export function Theming({ locale, nonce, children }: ThemingProps) {
  // the styles that lock scrolling behind a dialog take the nonce from here
  useState(() => nonce && setNonce(nonce));
  return (
    <LocaleProvider initial={locale}>
      <Themed nonce={nonce}>{children}</Themed>
    </LocaleProvider>
  );
}

function Themed({ nonce, children }: Omit<ThemingProps, "locale">) {
  const { close } = useUiText();
  const spoken = useMemo(() => {
    const named = { defaultProps: { closeButtonProps: { "aria-label": close } } };
    return mergeThemeOverrides(theme, { components: { Drawer: named, Modal: named, Notification: named } });
  }, [close]);
  return (
    <MantineProvider
      theme={spoken}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce ?? ""}
    >
      <Notifications position="bottom-right" limit={4} autoClose={6000} zIndex={400} />
      {children}
    </MantineProvider>
  );
}

/** Sets the scheme before the first paint. Put it in the root layout's head. */
export function SchemeScript({ nonce }: { nonce?: string }) {
  return <ColorSchemeScript defaultColorScheme="auto" nonce={nonce} suppressHydrationWarning />;
}

import { mantineHtmlProps } from "@mantine/core";
import type { Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";

import { localeCookie, negotiateLocale } from "./locale";
import { SchemeScript, Theming } from "./Theming";

/** The bar of a phone's browser in the colour of an app's header. */
export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#1a211f" },
  ],
};

/** An app's whole document, for its root layout: in the visitor's language and colours from the first byte on. */
export async function Document({ children }: { children: ReactNode }) {
  const asked = await headers();
  const locale = negotiateLocale((await cookies()).get(localeCookie)?.value, asked.get("accept-language"));
  const nonce = asked.get("x-nonce") ?? undefined;
  return (
    <html lang={locale} {...mantineHtmlProps}>
      {/* eslint-disable-next-line @next/next/no-head-element -- the rule knows root layouts by their folder alone */}
      <head>
        {/* Next's own comes with the metadata, later than a browser asks for /favicon.ico */}
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <SchemeScript nonce={nonce} />
      </head>
      <body>
        <Theming locale={locale} nonce={nonce}>
          {children}
        </Theming>
      </body>
    </html>
  );
}

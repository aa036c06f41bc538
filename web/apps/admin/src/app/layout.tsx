import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "mantine-datatable/styles.css";

import { SchemeScript, Theming } from "@laurel/ui";
import { localeCookie, negotiateLocale } from "@laurel/ui/locale";
import { mantineHtmlProps } from "@mantine/core";
import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";

import { Queries } from "@/api/Queries";

export const metadata: Metadata = {
  title: "Laurel Admin",
  description: "The console of a Laurel loyalty program",
  robots: { index: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#1a211f" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const asked = await headers();
  const locale = negotiateLocale((await cookies()).get(localeCookie)?.value, asked.get("accept-language"));
  const nonce = asked.get("x-nonce") ?? undefined;
  return (
    <html lang={locale} {...mantineHtmlProps}>
      <head>
        <SchemeScript nonce={nonce} />
      </head>
      <body>
        <Theming locale={locale} nonce={nonce}>
          <Queries>{children}</Queries>
        </Theming>
      </body>
    </html>
  );
}

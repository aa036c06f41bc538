import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./global.css";

import { SchemeScript, Theming } from "@laurel/ui";
import { localeCookie, negotiateLocale } from "@laurel/ui/locale";
import { mantineHtmlProps } from "@mantine/core";
import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";

import { Providers } from "@/shell/Providers";

export const metadata: Metadata = {
  title: "Laurel",
  description: "Your points, your rewards, and why each purchase earned what it did.",
  applicationName: "Laurel",
  appleWebApp: { capable: true, title: "Laurel" },
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
          <Providers>{children}</Providers>
        </Theming>
      </body>
    </html>
  );
}

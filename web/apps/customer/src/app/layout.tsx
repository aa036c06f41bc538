import "@fontsource-variable/inter";
import "./mantine";
import "@mantine/notifications/styles.css";
import "./global.css";

import { Document } from "@laurel/ui/document";
import type { Metadata } from "next";
import type { ReactNode } from "react";

import { Providers } from "@/shell/Providers";

export const metadata: Metadata = {
  title: "Laurel",
  description: "Your points, your rewards, and why each purchase earned what it did.",
  applicationName: "Laurel",
  appleWebApp: { capable: true, title: "Laurel" },
};

export { viewport } from "@laurel/ui/document";

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <Document>
      <Providers>{children}</Providers>
    </Document>
  );
}

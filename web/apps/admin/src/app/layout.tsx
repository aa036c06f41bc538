import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "mantine-datatable/styles.css";

import { Document } from "@laurel/ui/document";
import type { Metadata } from "next";
import type { ReactNode } from "react";

import { Queries } from "@/api/Queries";

export const metadata: Metadata = {
  title: "Laurel Admin",
  description: "The console of a Laurel loyalty program",
  robots: { index: false },
};

export { viewport } from "@laurel/ui/document";

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <Document>
      <Queries>{children}</Queries>
    </Document>
  );
}

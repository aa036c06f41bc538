import type { ReactNode } from "react";

import { Console } from "@/console/Console";

export default function ConsoleLayout({ children }: { children: ReactNode }) {
  return <Console>{children}</Console>;
}

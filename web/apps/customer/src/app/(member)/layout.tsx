import { isSignedIn } from "@laurel/bff";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";

import { config } from "@/server/bff";
import { MemberShell } from "@/shell/MemberShell";

/** Pages for those who are signed in; others come back here once they are. */
export default async function MemberLayout({ children }: { children: ReactNode }) {
  if (!(await isSignedIn(config))) {
    const asked = (await headers()).get("x-path") ?? "/";
    redirect(`/sign-in?next=${encodeURIComponent(asked)}`);
  }
  return <MemberShell>{children}</MemberShell>;
}

import { isSignedIn } from "@laurel/bff";
import { redirect } from "next/navigation";

import { safeNext } from "@/account/safeNext";
import { SignIn } from "@/account/SignIn";
import { config } from "@/server/bff";

export default async function Page({ searchParams }: PageProps<"/sign-in">) {
  const next = safeNext((await searchParams).next);
  if (await isSignedIn(config)) redirect(next);
  return <SignIn next={next} />;
}

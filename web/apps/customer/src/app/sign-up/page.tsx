import { isSignedIn } from "@laurel/bff";
import { redirect } from "next/navigation";

import { SignUp } from "@/account/SignUp";
import { config } from "@/server/bff";

export default async function Page({ searchParams }: PageProps<"/sign-up">) {
  const { ref } = await searchParams;
  if (await isSignedIn(config)) redirect("/");
  return <SignUp invitedBy={typeof ref === "string" ? ref : ""} />;
}

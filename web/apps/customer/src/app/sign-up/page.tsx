import { isSignedIn } from "@laurel/bff";
import { redirect } from "next/navigation";

import { SignUp } from "@/account/SignUp";
import { config } from "@/server/bff";

export default async function Page() {
  if (await isSignedIn(config)) redirect("/");
  return <SignUp />;
}

import { SignInPage } from "@/session/SignInPage";

interface Asked {
  searchParams: Promise<{ next?: string }>;
}

export default async function Page({ searchParams }: Asked) {
  return <SignInPage next={(await searchParams).next} />;
}

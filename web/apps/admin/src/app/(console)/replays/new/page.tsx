import { NewReplayPage } from "@/replays/NewReplayPage";

interface Asked {
  searchParams: Promise<{ rule?: string }>;
}

export default async function Page({ searchParams }: Asked) {
  return <NewReplayPage rule={(await searchParams).rule} />;
}

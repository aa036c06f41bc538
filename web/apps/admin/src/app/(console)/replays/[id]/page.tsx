import { ReplayPage } from "@/replays/ReplayPage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <ReplayPage id={(await params).id} />;
}

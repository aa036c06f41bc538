import { RewardPage } from "@/rewards/RewardEditor";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <RewardPage id={(await params).id} />;
}

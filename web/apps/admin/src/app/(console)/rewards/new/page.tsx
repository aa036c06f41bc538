import { NewReward } from "@/rewards/RewardEditor";

export default function Page() {
  return <NewReward />;
}

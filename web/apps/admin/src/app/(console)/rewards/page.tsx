import { RewardsPage } from "@/rewards/RewardsPage";

export default function Page() {
  return <RewardsPage />;
}

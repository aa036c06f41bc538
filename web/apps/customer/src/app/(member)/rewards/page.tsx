import { Rewards } from "@/rewards/Rewards";

export default function Page() {
  return <Rewards />;
}

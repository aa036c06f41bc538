import { rewardsOf } from "@/api";
import { Rewards } from "@/rewards/Rewards";
import { Prefetch } from "@/server/prefetch";

const QUERIES = [
  { key: ["points"], path: "/points" },
  { key: ["rewards"], path: "/rewards?limit=100", dataOf: rewardsOf, last: true },
];

export default function Page() {
  return (
    <Prefetch queries={QUERIES}>
      <Rewards />
    </Prefetch>
  );
}

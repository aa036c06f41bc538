import { rewardsOf } from "@/api";
import { Home } from "@/home/Home";
import { Prefetch } from "@/server/prefetch";

const QUERIES = [
  { key: ["points"], path: "/points" },
  { key: ["profile"], path: "/profile" },
  { key: ["purchases", "recent"], path: "/transactions?limit=5" },
  { key: ["rewards"], path: "/rewards?limit=100", dataOf: rewardsOf, last: true },
];

export default function Page() {
  return (
    <Prefetch queries={QUERIES}>
      <Home />
    </Prefetch>
  );
}

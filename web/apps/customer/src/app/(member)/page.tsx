import { Home } from "@/home/Home";
import { Prefetch } from "@/server/prefetch";

const QUERIES = [
  [["points"], "/points"],
  [["profile"], "/profile"],
  [["purchases", "recent"], "/transactions?limit=5"],
] as const;

export default function Page() {
  return (
    <Prefetch queries={QUERIES}>
      <Home />
    </Prefetch>
  );
}

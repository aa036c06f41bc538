import { ReplaysPage } from "@/replays/ReplaysPage";

export default function Page() {
  return <ReplaysPage />;
}

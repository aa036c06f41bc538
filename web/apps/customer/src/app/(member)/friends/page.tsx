import { Friends } from "@/friends/Friends";

export default function Page() {
  return <Friends />;
}

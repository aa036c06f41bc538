import { Redemptions } from "@/redemptions/Redemptions";

export default function Page() {
  return <Redemptions />;
}

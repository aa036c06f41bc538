import { Purchases } from "@/purchases/Purchases";

export default function Page() {
  return <Purchases />;
}

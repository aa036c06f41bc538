import { RedemptionsPage } from "@/redemptions/RedemptionsPage";

export default function Page() {
  return <RedemptionsPage />;
}

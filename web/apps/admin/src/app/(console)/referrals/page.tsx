import { ReferralsPage } from "@/referrals/ReferralsPage";

export default function Page() {
  return <ReferralsPage />;
}

import { TiersPage } from "@/tiers/TiersPage";

export default function Page() {
  return <TiersPage />;
}

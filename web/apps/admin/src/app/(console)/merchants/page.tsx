import { MerchantsPage } from "@/merchants/MerchantsPage";

export default function Page() {
  return <MerchantsPage />;
}

import { MerchantPage } from "@/merchants/MerchantPage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <MerchantPage id={(await params).id} />;
}

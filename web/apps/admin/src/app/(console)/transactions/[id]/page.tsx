import { TransactionPage } from "@/transactions/TransactionPage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <TransactionPage id={(await params).id} />;
}

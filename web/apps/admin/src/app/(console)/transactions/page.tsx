import { TransactionsPage } from "@/transactions/TransactionsPage";

export default function Page() {
  return <TransactionsPage />;
}

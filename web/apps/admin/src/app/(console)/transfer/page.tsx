import { TransferPage } from "@/transfer/TransferPage";

export default function Page() {
  return <TransferPage />;
}

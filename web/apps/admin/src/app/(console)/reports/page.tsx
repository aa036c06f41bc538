import { ReportsPage } from "@/reports/ReportsPage";

export default function Page() {
  return <ReportsPage />;
}

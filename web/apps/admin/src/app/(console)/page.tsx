import { OverviewPage } from "@/overview/OverviewPage";

export default function Page() {
  return <OverviewPage />;
}

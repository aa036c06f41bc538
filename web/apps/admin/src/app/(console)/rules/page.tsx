import { RulesPage } from "@/rules/RulesPage";

export default function Page() {
  return <RulesPage />;
}

import { RuleEditor } from "@/rules/RuleEditor";

export default function Page() {
  return <RuleEditor />;
}

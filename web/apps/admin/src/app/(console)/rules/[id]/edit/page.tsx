import { RuleEditor } from "@/rules/RuleEditor";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <RuleEditor id={(await params).id} />;
}

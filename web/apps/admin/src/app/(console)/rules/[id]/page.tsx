import { RulePage } from "@/rules/RulePage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <RulePage id={(await params).id} />;
}

import { MemberPage } from "@/members/MemberPage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <MemberPage id={(await params).id} />;
}

import { Purchase } from "@/purchases/Purchase";

export default async function Page({ params }: PageProps<"/purchases/[id]">) {
  return <Purchase id={(await params).id} />;
}

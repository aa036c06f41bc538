import { WebhookPage } from "@/webhooks/WebhookPage";

interface Asked {
  params: Promise<{ id: string }>;
}

export default async function Page({ params }: Asked) {
  return <WebhookPage id={(await params).id} />;
}

import { WebhooksPage } from "@/webhooks/WebhooksPage";

export default function Page() {
  return <WebhooksPage />;
}

import { AuditPage } from "@/audit/AuditPage";

export default function Page() {
  return <AuditPage />;
}

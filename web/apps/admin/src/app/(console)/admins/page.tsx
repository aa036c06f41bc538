import { AdminsPage } from "@/admins/AdminsPage";

export default function Page() {
  return <AdminsPage />;
}

import { MembersPage } from "@/members/MembersPage";

export default function Page() {
  return <MembersPage />;
}

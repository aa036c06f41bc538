import { ProfilePage } from "@/profile/ProfilePage";

export default function Page() {
  return <ProfilePage />;
}

import { NotFound } from "@/console/NotFound";

export default function Page() {
  return <NotFound />;
}

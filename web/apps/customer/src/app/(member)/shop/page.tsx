import { Shop } from "@/shop/Shop";

export default function Page() {
  return <Shop />;
}

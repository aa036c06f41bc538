"use client";

import { Nothing } from "@/shell/Nothing";
import { useText } from "@/text";

export default function NotFound() {
  const text = useText();
  return <Nothing title={text.notFoundTitle} detail={text.notFoundDetail} />;
}

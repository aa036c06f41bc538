"use client";

import { Button } from "@mantine/core";

import { Nothing } from "@/shell/Nothing";
import { useText } from "@/text";

export default function ErrorPage({ reset }: { reset: () => void }) {
  const text = useText();
  return (
    <Nothing title={text.errorTitle} detail={text.errorDetail} action={<Button onClick={reset}>{text.again}</Button>} />
  );
}

"use client";

import { Alert } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { IconWifiOff } from "@tabler/icons-react";

import { useText } from "@/text";

/** Says so while the browser has no network. */
export function Connection() {
  const text = useText();
  const { online } = useNetwork();
  if (online) return null;
  return <Alert color="amber" icon={<IconWifiOff size={20} />} title={text.offline} mb="md" role="status" />;
}

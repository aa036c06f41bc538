"use client";

import { Copyable } from "@laurel/ui";
import { Center, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import { encode } from "uqr";

import { useText } from "@/text";

/** A code to show at the counter: as text to copy and as a QR code, dark on white in either scheme. */
export function Voucher({ code }: { code: string }) {
  const text = useText().redemptions;
  return (
    <Stack align="center" gap="xs">
      <Text size="sm" c="dimmed">
        {text.code}
      </Text>
      <Center p="xs" bg="white" style={{ borderRadius: "var(--mantine-radius-md)" }}>
        <QrCode value={code} label={text.qr} />
      </Center>
      <Copyable value={code} label={text.code} />
    </Stack>
  );
}

function QrCode({ value, label }: { value: string; label: string }) {
  const { data, size } = useMemo(() => encode(value, { border: 2 }), [value]);
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg
      width={168}
      height={168}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#000" />
    </svg>
  );
}

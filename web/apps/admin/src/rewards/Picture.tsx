"use client";

import { Box, Center } from "@mantine/core";
import { IconGift } from "@tabler/icons-react";

/** A reward's picture, when it is one of ours: another site's would tell that site who looks. */
export function Picture({ url, size }: { url: string | null; size: number }) {
  const ours = url?.startsWith("/assets/");
  return (
    <Center w={size} h={size} bg="var(--laurel-subtle)" style={{ borderRadius: 8, flexShrink: 0 }} aria-hidden>
      {ours ? (
        <Box component="img" src={url ?? ""} alt="" w={size * 0.8} h={size * 0.8} />
      ) : (
        <IconGift size={size * 0.5} stroke={1.5} />
      )}
    </Center>
  );
}

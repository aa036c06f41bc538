"use client";

import { Empty } from "@laurel/ui";
import { Button, Center } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import Link from "next/link";

import { useText } from "@/messages";

export function NotFound() {
  const text = useText().console;
  return (
    <Center component="main" mih="70dvh">
      <Empty
        icon={<IconMapOff size={24} />}
        title={text.notFound}
        detail={text.notFoundDetail}
        action={
          <Button component={Link} href="/">
            {text.home}
          </Button>
        }
      />
    </Center>
  );
}

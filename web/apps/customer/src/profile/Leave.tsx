"use client";

import { ReadyButton } from "@laurel/ui";
import { Divider, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import dynamic from "next/dynamic";

import { useText } from "@/text";

const LeaveDialog = dynamic(() => import("./LeaveDialog").then((module) => module.LeaveDialog), { ssr: false });

/** Erases the member, after the password was given. */
export function Leave() {
  const text = useText().profile;
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <Stack gap="xs" align="flex-start">
      <Divider w="100%" my="xs" />
      <Text size="sm">{text.leaveDetail}</Text>
      <ReadyButton color="rose" variant="outline" onClick={open}>
        {text.leave}
      </ReadyButton>
      {opened && <LeaveDialog onClose={close} />}
    </Stack>
  );
}

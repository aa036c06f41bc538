"use client";

import { Copyable } from "@laurel/ui";
import { Button, Group, Modal, Stack, Text } from "@mantine/core";

import { useText } from "@/messages";

interface SecretDialogProps {
  title: string;
  detail: string;
  secret: string;
  onClose: () => void;
}

/** The one time that a secret is seen: it closes by its button only. */
export function SecretDialog({ title, detail, secret, onClose }: SecretDialogProps) {
  const text = useText().secrets;
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Text size="sm">
          {detail} {text.once}
        </Text>
        <Copyable value={secret} label={title} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{text.done}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

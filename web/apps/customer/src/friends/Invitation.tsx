"use client";

import { Button, CopyButton, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy, IconShare } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";

import { useText } from "@/text";

const never = () => () => undefined;
const shares = () => typeof navigator.share === "function";
const here = () => window.location.origin;

/** A member's code, large enough to be read out, with a link that fills it in. */
export function Invitation({ code }: { code: string }) {
  const text = useText().friends;
  const origin = useSyncExternalStore(never, here, () => "");
  const canShare = useSyncExternalStore(never, shares, () => false);
  const link = `${origin}/sign-up?ref=${encodeURIComponent(code)}`;
  return (
    <Stack gap="sm">
      <Text size="sm">{text.yourCode}</Text>
      <Text fz="xl" fw={680} ff="monospace" data-testid="friend-code">
        {code}
      </Text>
      <Group>
        <CopyButton value={link} timeout={2000}>
          {({ copied, copy }) => (
            <Button onClick={copy} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />}>
              <span aria-live="polite">{copied ? text.copied : text.copyLink}</span>
            </Button>
          )}
        </CopyButton>
        {canShare && (
          <Button
            variant="default"
            leftSection={<IconShare size={18} />}
            onClick={() => void navigator.share({ text: text.message, url: link }).catch(() => undefined)}
          >
            {text.share}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

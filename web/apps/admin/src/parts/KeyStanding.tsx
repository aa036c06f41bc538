"use client";

import { useFormat } from "@laurel/ui";
import { Badge, Button, Group } from "@mantine/core";

import { useText } from "@/messages";

interface Revocable {
  revoked_at: string | null;
}

/** Whether a key works, and until when. */
export function KeyStanding({ revoked_at }: Revocable) {
  const text = useText();
  const format = useFormat();
  if (revoked_at === null) return <Badge>{text.common.active}</Badge>;
  const ahead = new Date(revoked_at).getTime() > new Date().getTime();
  return ahead ? (
    <Badge color="amber">{text.secrets.worksUntil(format.dateTime(revoked_at))}</Badge>
  ) : (
    <Badge color="gray">{text.secrets.revoked}</Badge>
  );
}

/** What can be done with a key that works. */
export function KeyActions({ onRotate, onRevoke }: { onRotate: () => void; onRevoke: () => void }) {
  const text = useText().secrets;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button size="compact-xs" variant="default" onClick={onRotate}>
        {text.rotate}
      </Button>
      <Button size="compact-xs" variant="default" onClick={onRevoke}>
        {text.revoke}
      </Button>
    </Group>
  );
}

"use client";

import { ActionIcon, Code, CopyButton, Group, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { useUiText } from "./messages";

/** An id, code or secret with a button that copies it. `shown` is what stands there when the whole is too long. */
export function Copyable({ value, shown = value, label }: { value: string; shown?: string; label?: string }) {
  const text = useUiText();
  return (
    <Group gap={4} wrap="nowrap">
      <Code style={{ overflowWrap: "anywhere" }}>{shown}</Code>
      <CopyButton value={value} timeout={2000}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? text.copied : text.copy}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color={copied ? "laurel" : "gray"}
              onClick={copy}
              aria-label={`${copied ? text.copied : text.copy}${label ? `: ${label}` : ""}`}
            >
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

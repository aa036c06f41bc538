"use client";

import { Box, Stack, Text } from "@mantine/core";

import { useText } from "@/messages";

import { type Definition, differences } from "./reading";
import { useReader } from "./useReader";

/** What reads differently between two versions, part by part. */
export function Differences({ before, after }: { before: Definition; after: Definition }) {
  const text = useText();
  const changed = differences(before, after, useReader());
  if (changed.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.rules.noDifference}
      </Text>
    );
  }
  return (
    <Stack gap="xs">
      {changed.map((change) => (
        <Box key={change.part}>
          <Text size="xs" c="dimmed">
            {text.rules.parts[change.part]}
          </Text>
          <Text size="sm" component="del" c="rose" display="block">
            {change.before ?? text.common.none}
          </Text>
          <Text size="sm" component="ins" c="laurel" display="block" style={{ textDecoration: "none" }}>
            {change.after ?? text.common.none}
          </Text>
        </Box>
      ))}
    </Stack>
  );
}

"use client";

import { Stack, Text } from "@mantine/core";

import { useText } from "@/messages";
import { Facts } from "@/parts/Facts";

import { type Definition, read, sentence } from "./reading";
import { useReader } from "./useReader";

/** A rule in plain words: the sentence, then what it says of each part. */
export function Reading({ rule }: { rule: Definition }) {
  const { parts, say } = useText().rules;
  const reader = useReader();
  const said = read(rule, reader);
  return (
    <Stack gap="md">
      <Text>{sentence(rule, reader)}</Text>
      <Facts
        facts={[
          [parts.conditions, said.conditions ?? say.always],
          [parts.window, said.window ?? say.always],
          [parts.limits, said.limits ?? say.unlimited],
          [parts.together, said.together],
        ]}
      />
    </Stack>
  );
}

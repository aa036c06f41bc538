"use client";

import { useFormat } from "@laurel/ui";
import { Alert, Anchor, Group, Loader, Stack, Text } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { IconSparkles } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";

import { purchase } from "@/api";
import { useText } from "@/text";

const PATIENCE_MS = 5_000;
/** The outcome is pushed; should the push be lost, it is asked for. */
const ASK_MS = 2_000;

/** A purchase just made: first that its points are on their way, then how many they are. */
export function Thanks({ id }: { id: string }) {
  const text = useText().shop;
  const format = useFormat();
  const [slow, setSlow] = useState(false);
  useTimeout(() => setSlow(true), PATIENCE_MS, { autoInvoke: true });
  const { data } = useQuery({
    ...purchase(id),
    refetchInterval: ({ state }) => (state.data?.status === "recorded" ? ASK_MS : false),
  });
  const earned = data?.points_awarded ?? null;
  return (
    <Alert color="laurel" icon={<IconSparkles size={20} />} title={text.bought} role="status">
      {earned === null ? (
        <Group gap="sm" wrap="nowrap">
          <Loader size="sm" aria-hidden />
          <Text size="sm">{slow ? text.slow : text.waiting}</Text>
        </Group>
      ) : (
        <Stack gap={4}>
          <Text fz="lg" fw={650} data-testid="earned">
            {text.earned(format.signedPoints(earned))}
          </Text>
          <Anchor component={Link} href={`/purchases/${id}`} size="sm" underline="always">
            {text.why}
          </Anchor>
        </Stack>
      )}
    </Alert>
  );
}

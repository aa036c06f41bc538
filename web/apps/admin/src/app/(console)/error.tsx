"use client";

import { Empty, ProblemNotice } from "@laurel/ui";
import { Stack } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { useText } from "@/messages";

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  const text = useText().console;
  return (
    <Stack>
      <Empty icon={<IconAlertTriangle size={24} />} title={text.broken} detail={text.brokenDetail} />
      <ProblemNotice error={error} onRetry={reset} />
    </Stack>
  );
}

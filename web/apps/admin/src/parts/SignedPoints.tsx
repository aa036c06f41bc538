"use client";

import { useFormat } from "@laurel/ui";
import { Text } from "@mantine/core";

/** Points given (+) or taken (−), in a colour for each. */
export function SignedPoints({ points }: { points: number }) {
  const format = useFormat();
  return (
    <Text size="sm" fw={600} c={points < 0 ? "rose" : points > 0 ? "laurel" : "dimmed"}>
      {format.signedPoints(points)}
    </Text>
  );
}

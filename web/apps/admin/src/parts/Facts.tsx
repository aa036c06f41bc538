import { Box, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** What is known of something, each fact under its name. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <SimpleGrid component="dl" m={0} cols={{ base: 1, xs: 2, md: 3 }} spacing="md" verticalSpacing="sm">
      {facts.map(([name, fact]) => (
        <Box key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} size="sm" style={{ overflowWrap: "anywhere" }}>
            {fact}
          </Text>
        </Box>
      ))}
    </SimpleGrid>
  );
}

import { Group, Text } from "@mantine/core";

/** The sprig and the name. */
export function Brand({ suffix }: { suffix?: string }) {
  return (
    <Group gap={8} wrap="nowrap">
      <Sprig />
      <Text fw={680} fz="lg" lh={1}>
        Laurel
      </Text>
      {suffix && (
        <Text fz="sm" c="dimmed" lh={1} mt={3} visibleFrom="xs">
          {suffix}
        </Text>
      )}
    </Group>
  );
}

function Sprig() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--mantine-color-laurel-filled)" />
      <path d="M16 27C16 18 15 12 16 5" stroke="#fff" strokeWidth="1.8" fill="none" strokeLinecap="round" />
      <path
        fill="#fff"
        d="M15.4 13C11 13 8.6 10.6 8.2 7c4 0 6.6 2.200 7.200 6zm1.200 0c4.400 0 6.800-2.400 7.200-6-4 0-6.600 2.200-7.200 6zM15.400 21C11 21 8.600 18.600 8.200 15c4 0 6.600 2.200 7.200 6zm1.200 0c4.400 0 6.800-2.400 7.200-6-4 0-6.600 2.200-7.200 6z"
      />
    </svg>
  );
}

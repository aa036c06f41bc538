"use client";

import { Moment, useFormat } from "@laurel/ui";
import { Badge, Group, Text, Timeline } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useText } from "@/messages";
import { Panel } from "@/parts/Panel";

import { Differences } from "./Differences";
import { sentence } from "./reading";
import { useReader } from "./useReader";

/** Everything a rule ever said, the newest first, each version with what it changed. */
export function Versions({ rule }: { rule: Schema<"RuleWithVersions"> }) {
  const text = useText();
  const format = useFormat();
  const reader = useReader();
  return (
    <Panel title={text.rules.history}>
      <Timeline bulletSize={14} lineWidth={2}>
        {rule.versions.map((version, place) => {
          const before = rule.versions[place + 1];
          return (
            <Timeline.Item
              key={version.version}
              title={
                <Group gap="xs">
                  {text.rules.version(format.number(version.version))}
                  {version.version === rule.active_version && (
                    <Badge>{rule.status === "shadow" ? text.rules.onTrial : text.rules.inForce}</Badge>
                  )}
                </Group>
              }
            >
              <Text size="xs" c="dimmed" mb={4} component="div">
                <Moment at={version.created_at} />
                {before && `, ${text.rules.compared(format.number(before.version))}`}
              </Text>
              {before ? (
                <Differences before={before.definition} after={version.definition} />
              ) : (
                <Text size="sm">{sentence(version.definition, reader)}</Text>
              )}
            </Timeline.Item>
          );
        })}
      </Timeline>
    </Panel>
  );
}

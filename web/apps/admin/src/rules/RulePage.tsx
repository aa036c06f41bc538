"use client";

import { Fetched, PageHeader, useFormat } from "@laurel/ui";
import { Stack, Text } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { Panel } from "@/parts/Panel";

import { Reading } from "./Reading";
import { RuleActions } from "./RuleActions";
import { Trial } from "./Trial";
import { Versions } from "./Versions";

type Rule = Schema<"RuleWithVersions">;

export function RulePage({ id }: { id: string }) {
  const rule = useGet("/api/admin/earning-rules/{rule_id}", { path: { rule_id: id } });
  return <Fetched query={rule}>{(rule) => <Known rule={rule} />}</Fetched>;
}

function Known({ rule }: { rule: Rule }) {
  const text = useText();
  const format = useFormat();
  const shown = rule.versions.find(({ version }) => version === (rule.active_version ?? rule.latest_version));
  return (
    <>
      <PageHeader
        title={rule.name}
        app={text.common.app}
        trail={[{ label: text.rules.title, href: "/rules" }]}
        status={<StandingBadge standing={rule.status} />}
        actions={<RuleActions rule={rule} />}
      />
      <Stack>
        {rule.scheduled_version && rule.scheduled_at && (
          <Text size="sm">
            {text.rules.scheduled(format.number(rule.scheduled_version), format.dateTime(rule.scheduled_at))}
          </Text>
        )}
        {shown && (
          <Panel title={text.rules.reads} detail={text.rules.version(format.number(shown.version))}>
            <Reading rule={shown.definition} />
          </Panel>
        )}
        {rule.status === "shadow" && <Trial ruleId={rule.rule_id} />}
        <Versions rule={rule} />
      </Stack>
    </>
  );
}

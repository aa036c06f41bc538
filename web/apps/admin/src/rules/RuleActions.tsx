"use client";

import { useFormat } from "@laurel/ui";
import { Button, Stack, Text, TextInput } from "@mantine/core";
import { IconFlask, IconHistory, IconPencil, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import Link from "next/link";
import { useState } from "react";

import { api, type Schema } from "@/api/client";
import { useChange } from "@/api/queries";
import { useText } from "@/messages";
import { ConfirmDialog } from "@/parts/ConfirmDialog";
import { useMay } from "@/session/access";

import { Differences } from "./Differences";
import { fromLocal } from "./draft";
import { sentence } from "./reading";
import { useReader } from "./useReader";

type Rule = Schema<"RuleWithVersions">;

const stale: ["/api/admin/earning-rules"] = ["/api/admin/earning-rules"];

/** What may be done with a rule, by how it stands and who is signed in. */
export function RuleActions({ rule }: { rule: Rule }) {
  const text = useText().rules;
  const may = useMay();
  const [doing, setDoing] = useState<"activate" | "retire" | null>(null);
  const tryOut = useChange(
    () => api.POST("/api/admin/earning-rules/{rule_id}/try", { params: { path: { rule_id: rule.rule_id } }, body: {} }),
    { stale, said: () => text.tried },
  );
  const { waits, runs } = standing(rule);
  return (
    <>
      {waits && may("activate_rule") && (
        <Button leftSection={<IconPlayerPlay size={17} />} onClick={() => setDoing("activate")}>
          {text.activate}
        </Button>
      )}
      {may("add_rule_version") && (
        <Button
          component={Link}
          href={`/rules/${rule.rule_id}/edit`}
          variant="default"
          leftSection={<IconPencil size={17} />}
        >
          {text.edit}
        </Button>
      )}
      {may("request_replay") && (
        <Button
          component={Link}
          href={`/replays/new?rule=${rule.rule_id}`}
          variant="default"
          leftSection={<IconHistory size={17} />}
        >
          {text.replay}
        </Button>
      )}
      {rule.status === "draft" && may("try_rule") && (
        <Button
          variant="default"
          leftSection={<IconFlask size={17} />}
          loading={tryOut.isPending}
          onClick={() => tryOut.mutate(undefined)}
        >
          {text.try}
        </Button>
      )}
      {runs && may("retire_rule") && (
        <Button variant="default" leftSection={<IconPlayerStop size={17} />} onClick={() => setDoing("retire")}>
          {text.retire}
        </Button>
      )}
      {doing === "activate" && <ActivateDialog rule={rule} onClose={() => setDoing(null)} />}
      {doing === "retire" && <RetireDialog rule={rule} onClose={() => setDoing(null)} />}
    </>
  );
}

/** Whether a version waits to be put in force, and whether one is in force or on trial. */
function standing({ status, active_version, latest_version }: Rule) {
  return {
    waits: status !== "active" || active_version !== latest_version,
    runs: status !== "retired" && active_version !== null,
  };
}

function ActivateDialog({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const text = useText().rules;
  const format = useFormat();
  const reader = useReader();
  const [typed, setTyped] = useState("");
  const latest = rule.versions[0];
  const inForce =
    rule.status === "active" ? rule.versions.find(({ version }) => version === rule.active_version) : null;
  const activate = useChange(
    (body: Schema<"ActivateRule">) =>
      api.POST("/api/admin/earning-rules/{rule_id}/activate", { params: { path: { rule_id: rule.rule_id } }, body }),
    { stale, said: () => text.activated, onDone: onClose },
  );
  if (!latest) return null;
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      size="lg"
      title={text.activateTitle(format.number(latest.version))}
      confirm={text.activate}
      change={activate}
      onConfirm={() => activate.mutate({ version: latest.version, at: fromLocal(typed) })}
    >
      <Stack>
        <Text>{sentence(latest.definition, reader)}</Text>
        <Text size="sm" c="dimmed">
          {text.activateDetail}
        </Text>
        <div>
          <Text size="sm" fw={600} mb={4}>
            {text.changesBy}
          </Text>
          {inForce ? (
            <Differences before={inForce.definition} after={latest.definition} />
          ) : (
            <Text size="sm">{text.firstVersion}</Text>
          )}
        </div>
        <TextInput
          type="datetime-local"
          label={text.activateAt}
          description={text.activateNow}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </Stack>
    </ConfirmDialog>
  );
}

function RetireDialog({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const text = useText().rules;
  const retire = useChange(
    () => api.POST("/api/admin/earning-rules/{rule_id}/retire", { params: { path: { rule_id: rule.rule_id } } }),
    { stale, said: () => text.retired, onDone: onClose },
  );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.retireTitle}
      confirm={text.retire}
      change={retire}
      onConfirm={() => retire.mutate(undefined)}
      grave
    >
      {text.retireDetail}
    </ConfirmDialog>
  );
}

"use client";

import { problemOf } from "@laurel/api-client";
import { Fetched, fieldErrors, PageHeader, ProblemNotice, SubmitButton } from "@laurel/ui";
import { Box, Button, Grid, Group, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import Link from "next/link";
import { useRouter } from "next/navigation";

import { api, type Schema } from "@/api/client";
import { useChange, useGet } from "@/api/queries";
import { useText } from "@/messages";
import { Allowed } from "@/parts/Allowed";
import { Panel } from "@/parts/Panel";

import { definitionOf, type Draft, draftOf, emptyDraft, type NewDefinition } from "./draft";
import { Reading } from "./Reading";
import type { Definition } from "./reading";
import { RuleForm } from "./RuleForm";
import { Simulator } from "./Simulator";

type Rule = Schema<"RuleWithVersions">;

/** A new rule, or a new version of one that there is. */
export function RuleEditor({ id }: { id?: string }) {
  const text = useText().rules;
  return (
    <Allowed
      to={id ? "add_rule_version" : "create_rule"}
      title={id ? text.edit : text.newTitle}
      trail={[{ label: text.title, href: "/rules" }]}
    >
      {id ? <NewVersion id={id} /> : <Editor />}
    </Allowed>
  );
}

function NewVersion({ id }: { id: string }) {
  const rule = useGet("/api/admin/earning-rules/{rule_id}", { path: { rule_id: id } });
  return <Fetched query={rule}>{(rule) => <Editor rule={rule} />}</Fetched>;
}

function Editor({ rule }: { rule?: Rule }) {
  const text = useText();
  const latest = rule?.versions[0];
  const form = useForm<Draft>({ initialValues: latest ? draftOf(latest.definition) : emptyDraft });
  const save = useSave(rule);
  const definition = definitionOf(form.values);
  const send = (draft: Draft) =>
    save.mutate(definitionOf(draft), { onError: (error) => form.setErrors(inForm(error)) });
  const home = rule ? `/rules/${rule.rule_id}` : "/rules";
  return (
    <form onSubmit={form.onSubmit(send)}>
      <PageHeader
        title={rule ? text.rules.editTitle(rule.name) : text.rules.newTitle}
        app={text.common.app}
        detail={text.rules.editDetail}
        trail={[{ label: text.rules.title, href: "/rules" }, ...(rule ? [{ label: rule.name, href: home }] : [])]}
        actions={
          <Group gap="xs">
            <Button component={Link} href={home} variant="default">
              {text.common.cancel}
            </Button>
            <SubmitButton loading={save.isPending}>{rule ? text.rules.saveVersion : text.rules.saveDraft}</SubmitButton>
          </Group>
        }
      />
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            {save.isError && <ProblemNotice error={save.error} />}
            <RuleForm form={form} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Box pos="sticky" top={72}>
            <Stack>
              <Panel title={text.rules.reads}>
                <Reading rule={definition as Definition} />
              </Panel>
              <Simulator draft={definition} ruleId={rule?.rule_id} />
            </Stack>
          </Box>
        </Grid.Col>
      </Grid>
    </form>
  );
}

function useSave(rule: Rule | undefined) {
  const text = useText().rules;
  const router = useRouter();
  return useChange<NewDefinition, Rule>(
    (body) =>
      rule
        ? api.POST("/api/admin/earning-rules/{rule_id}/versions", { params: { path: { rule_id: rule.rule_id } }, body })
        : api.POST("/api/admin/earning-rules", { body }),
    {
      stale: ["/api/admin/earning-rules"],
      said: () => text.savedDraft,
      onDone: ({ rule_id }) => router.push(`/rules/${rule_id}`),
    },
  );
}

const places: Record<string, string> = {
  "scope.values": "values",
  "limits.points_per_transaction": "per_transaction",
  "limits.budget_points": "budget",
  "window.starts_at": "starts_at",
  "window.ends_at": "ends_at",
  "effect.points": "points",
  "effect.per": "per",
  "effect.factor": "factor",
};

/** What is wrong with a definition, at the fields of the form that stand for its parts. */
function inForm(error: unknown): Record<string, string> {
  const named = Object.entries(fieldErrors(problemOf(error)));
  return Object.fromEntries(named.map(([place, detail]) => [places[place] ?? place, detail]));
}

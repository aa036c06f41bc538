"use client";

import { ProblemNotice, SubmitButton } from "@laurel/ui";
import { Group, Stack } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";

import { useText } from "@/messages";

import { Panel } from "./Panel";

interface SettingsFormProps {
  title: string;
  detail?: string;
  /** Who may not change the settings reads them. */
  allowed: boolean;
  dirty: boolean;
  change: { isPending: boolean; error: unknown };
  onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  children: ReactNode;
}

/** Settings that are saved together. */
export function SettingsForm({ title, detail, allowed, dirty, change, onSubmit, children }: SettingsFormProps) {
  const text = useText().common;
  return (
    <Panel title={title} detail={detail}>
      <form onSubmit={onSubmit}>
        <fieldset disabled={!allowed} style={{ border: 0, margin: 0, padding: 0 }}>
          <Stack>
            {change.error ? <ProblemNotice error={change.error} /> : null}
            {children}
            {allowed && (
              <Group justify="flex-end">
                <SubmitButton loading={change.isPending} disabled={!dirty}>
                  {text.save}
                </SubmitButton>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </Panel>
  );
}

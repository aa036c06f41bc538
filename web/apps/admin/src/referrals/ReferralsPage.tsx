"use client";

import { Fetched, PageHeader } from "@laurel/ui";
import { Group, Stack } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { Choice } from "@/parts/Choice";

import { ReferralsTable } from "./ReferralsTable";
import { Terms } from "./Terms";

type Status = Schema<"Referral">["status"];

/** Who brought whom, and on what terms both are rewarded. */
export function ReferralsPage() {
  const text = useText();
  const terms = useGet("/api/admin/referrals/terms");
  const program = useGet("/api/admin/program");
  const { filters, choose } = useListState(["status"]);
  const status = filters.status as Status | undefined;
  const { open, completed, over_limit, lapsed, revoked } = text.standing;
  return (
    <>
      <PageHeader title={text.referrals.title} app={text.common.app} detail={text.referrals.detail} />
      <Stack>
        <Group>
          <Choice
            label={text.common.status}
            none={text.common.any}
            options={{ open, completed, over_limit, lapsed, revoked }}
            value={status}
            onChoose={(chosen) => choose("status", chosen)}
          />
        </Group>
        <ReferralsTable only={{ status }} />
        <Fetched query={terms}>{(terms) => <Terms terms={terms} currency={program.data?.currency ?? ""} />}</Fetched>
      </Stack>
    </>
  );
}

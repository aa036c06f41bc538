"use client";

import { Fetched, Figure, PageHeader, useFormat } from "@laurel/ui";
import { Alert, SimpleGrid, Stack, Tabs } from "@mantine/core";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { AuditTable } from "@/audit/AuditTable";
import { useListState } from "@/list/useListState";
import { useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { RedemptionsTable } from "@/redemptions/RedemptionsTable";
import { TransactionsTable } from "@/transactions/TransactionsTable";

import { Ledger } from "./Ledger";
import { MemberActions } from "./MemberActions";
import { memberName } from "./MembersPage";
import { Profile } from "./Profile";
import { Referrals } from "./Referrals";
import { Timeline } from "./Timeline";

type Member = Schema<"Member">;

/** Everything about a member: what they hold, why, and what can be done. */
export function MemberPage({ id }: { id: string }) {
  const member = useGet("/api/admin/members/{member_id}", { path: { member_id: id } });
  return <Fetched query={member}>{(member) => <Known member={member} />}</Fetched>;
}

function Known({ member }: { member: Member }) {
  const text = useText();
  const format = useFormat();
  return (
    <>
      <PageHeader
        title={memberName(member, text)}
        app={text.common.app}
        trail={[{ label: text.members.title, href: "/members" }]}
        status={<StandingBadge standing={member.status} />}
        actions={<MemberActions member={member} />}
      />
      <Stack>
        {member.erased_at && <Alert color="gray">{text.members.erasedNotice(format.dateTime(member.erased_at))}</Alert>}
        <Holdings member={member} />
        <Sections member={member} />
      </Stack>
    </>
  );
}

function Holdings({ member: { points } }: { member: Member }) {
  const text = useText().members;
  const format = useFormat();
  return (
    <SimpleGrid cols={{ base: 2, md: points.owed > 0 ? 5 : 4 }} spacing="sm">
      <Figure label={text.available} value={format.points(points.available)} detail={text.availableDetail} />
      <Figure label={text.pending} value={format.points(points.pending)} detail={text.pendingDetail} />
      <Figure label={text.held} value={format.points(points.held)} detail={text.heldDetail} />
      {points.owed > 0 && <Figure label={text.owed} value={format.points(points.owed)} detail={text.owedDetail} />}
      <Figure
        label={text.lifetimeEarned}
        value={format.points(points.lifetime_earned)}
        detail={`${text.lifetimeRedeemed}: ${format.points(points.lifetime_redeemed)}`}
      />
    </SimpleGrid>
  );
}

function Sections({ member }: { member: Member }) {
  const text = useText().members;
  const { filters, choose } = useListState(["tab"]);
  const id = member.member_id;
  return (
    <Tabs value={filters.tab ?? "ledger"} onChange={(tab) => choose("tab", tab ?? undefined)} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="ledger">{text.ledger}</Tabs.Tab>
        <Tabs.Tab value="timeline">{text.timeline}</Tabs.Tab>
        <Tabs.Tab value="purchases">{text.purchases}</Tabs.Tab>
        <Tabs.Tab value="redemptions">{text.redemptions}</Tabs.Tab>
        <Tabs.Tab value="referrals">{text.referrals}</Tabs.Tab>
        <Tabs.Tab value="changes">{text.changes}</Tabs.Tab>
        <Tabs.Tab value="profile">{text.profile}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="ledger">
        <Ledger memberId={id} />
      </Tabs.Panel>
      <Tabs.Panel value="timeline">
        <Timeline memberId={id} />
      </Tabs.Panel>
      <Tabs.Panel value="purchases">
        <TransactionsTable only={{ member_id: id }} />
      </Tabs.Panel>
      <Tabs.Panel value="redemptions">
        <RedemptionsTable only={{ member_id: id }} />
      </Tabs.Panel>
      <Tabs.Panel value="referrals">
        <Referrals memberId={id} />
      </Tabs.Panel>
      <Tabs.Panel value="changes">
        <AuditTable only={{ subject_kind: "member", subject_id: id }} />
      </Tabs.Panel>
      <Tabs.Panel value="profile">
        <Profile member={member} />
      </Tabs.Panel>
    </Tabs>
  );
}

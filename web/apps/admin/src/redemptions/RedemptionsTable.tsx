"use client";

import { type Column, Copyable, DataList, Empty, type Format, Moment, useFormat } from "@laurel/ui";
import { Button, Group, Text } from "@mantine/core";
import { IconTicket } from "@tabler/icons-react";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useGet } from "@/api/queries";
import { useListState } from "@/list/useListState";
import { usePolling } from "@/live/live";
import { type Messages, useText } from "@/messages";
import { StandingBadge } from "@/parts/Badges";
import { MemberLink } from "@/parts/Links";
import { useMay } from "@/session/access";

import { CancelDialog, ConfirmReservation, ReleaseDialog } from "./RedemptionDialogs";

type Redemption = Schema<"Redemption">;
interface Doing {
  what: "cancel" | "confirm" | "release";
  redemption: Redemption;
}

interface Only {
  member_id?: string;
  reward_id?: string;
  status?: Redemption["status"];
}

const ROWS = 50;
const FRESH_MILLISECONDS = 5_000;

/** What was asked for, by all members or one, and what can still be done about it. */
export function RedemptionsTable({ only }: { only: Only }) {
  const text = useText();
  const format = useFormat();
  const list = useListState([]);
  const [doing, setDoing] = useState<Doing | null>(null);
  const polling = usePolling(FRESH_MILLISECONDS);
  const query = useGet(
    "/api/admin/redemptions",
    { query: { ...only, cursor: list.cursor, limit: ROWS } },
    { keep: true, everyMilliseconds: list.cursor ? undefined : polling },
  );
  const stop = () => setDoing(null);
  const filtered = only.status !== undefined;
  return (
    <>
      <DataList
        label={text.redemptions.title}
        query={query}
        columns={[
          ...columns(text, format, only.member_id === undefined),
          {
            accessor: "actions",
            title: text.common.actions,
            render: (redemption) => <Actions redemption={redemption} onDo={setDoing} />,
          },
        ]}
        idOf={(row) => row.redemption_id}
        pager={list.pager}
        empty={
          <Empty
            icon={<IconTicket size={24} />}
            title={filtered ? text.common.noMatch : text.redemptions.none}
            detail={filtered ? text.common.noMatchDetail : text.redemptions.noneDetail}
          />
        }
      />
      {doing?.what === "cancel" && <CancelDialog redemption={doing.redemption} onClose={stop} />}
      {doing?.what === "confirm" && <ConfirmReservation redemption={doing.redemption} onClose={stop} />}
      {doing?.what === "release" && <ReleaseDialog redemption={doing.redemption} onClose={stop} />}
    </>
  );
}

function Actions({ redemption, onDo }: { redemption: Redemption; onDo: (doing: Doing) => void }) {
  const text = useText().redemptions;
  const may = useMay();
  const offered = offers(redemption.status).filter(([, operation]) => may(operation));
  return (
    <Group gap="xs" wrap="nowrap">
      {offered.map(([what]) => (
        <Button key={what} size="compact-xs" variant="default" onClick={() => onDo({ what, redemption })}>
          {text[what]}
        </Button>
      ))}
    </Group>
  );
}

function offers(status: Redemption["status"]) {
  const confirm = ["confirm", "confirm_redemption"] as const;
  const release = ["release", "release_redemption"] as const;
  const cancel = ["cancel", "cancel_redemption"] as const;
  if (status === "reserved") return [confirm, release];
  return status === "completed" ? [cancel] : [];
}

function columns(text: Messages, format: Format, withMember: boolean): Column<Redemption>[] {
  return [
    { accessor: "requested_at", title: text.redemptions.asked, render: (row) => <Moment at={row.requested_at} /> },
    {
      accessor: "member_id",
      title: text.common.member,
      hidden: !withMember,
      render: ({ member_id }) => <MemberLink id={member_id} />,
    },
    { accessor: "reward_name", title: text.redemptions.reward },
    {
      accessor: "points_cost",
      title: text.redemptions.cost,
      textAlign: "right",
      render: ({ points_cost }) => format.points(points_cost),
    },
    {
      accessor: "status",
      title: text.common.status,
      render: (row) => (
        <div>
          <StandingBadge standing={row.status} />
          <Text size="xs" c="dimmed">
            {row.reason ? text.rejections[row.reason] : row.cancel_reason}
          </Text>
        </div>
      ),
    },
    {
      accessor: "voucher_code",
      title: text.redemptions.voucher,
      visibleMediaQuery: "(min-width: 62em)",
      render: ({ voucher_code }) =>
        voucher_code ? <Copyable value={voucher_code} label={text.redemptions.voucher} /> : "–",
    },
    {
      accessor: "completed_at",
      title: text.redemptions.decided,
      visibleMediaQuery: "(min-width: 75em)",
      render: ({ completed_at }) => <Moment at={completed_at} relative />,
    },
  ];
}

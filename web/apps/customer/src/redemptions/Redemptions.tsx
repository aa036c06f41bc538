"use client";

import { Empty, Fetched, ReadyButton, useFormat, Waiting } from "@laurel/ui";
import { Badge, Button, Card, Collapse, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconTicket } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import Link from "next/link";

import { type Redemption, redemptions } from "@/api";
import { useGrowing } from "@/live/growing";
import { MoreOnScroll } from "@/shell/MoreOnScroll";
import { Page } from "@/shell/Page";
import { When } from "@/shell/When";
import { useText } from "@/text";

// only those who show a code need what draws it
const Voucher = dynamic(() => import("./Voucher").then((module) => module.Voucher));

const ASK_MS = 3_000;
const COLOURS = { pending: "amber", reserved: "sky", completed: "laurel", rejected: "rose", cancelled: "gray" };

export function Redemptions() {
  const text = useText().redemptions;
  const query = useGrowing(redemptions, (newest) =>
    newest.some(({ status }) => status === "pending") ? ASK_MS : false,
  );
  return (
    <Page title={text.title} detail={text.detail}>
      <Fetched query={query} waiting={<Waiting lines={6} height={72} />}>
        {({ pages }) =>
          pages[0]?.data.length ? (
            <Stack>
              {pages.flatMap((page) =>
                page.data.map((one) => <RedemptionCard key={one.redemption_id} redemption={one} />),
              )}
              <MoreOnScroll query={query} />
            </Stack>
          ) : (
            <Empty
              icon={<IconTicket size={24} />}
              title={text.none}
              detail={text.noneDetail}
              action={
                <Button component={Link} href="/rewards">
                  {text.toRewards}
                </Button>
              }
            />
          )
        }
      </Fetched>
    </Page>
  );
}

function RedemptionCard({ redemption }: { redemption: Redemption }) {
  const text = useText();
  const format = useFormat();
  const [open, { toggle }] = useDisclosure(false);
  return (
    <Card withBorder radius="lg" p="md" bg="var(--laurel-surface)">
      <Group justify="space-between" align="flex-start">
        <Stack gap={2}>
          <Text fw={650}>{redemption.reward_name}</Text>
          <Text size="sm" c="dimmed">
            {format.points(redemption.points_cost)} · <When at={redemption.requested_at} />
          </Text>
        </Stack>
        <Badge color={COLOURS[redemption.status]} size="lg">
          {text.redemptions.status[redemption.status]}
        </Badge>
      </Group>
      <Explanation redemption={redemption} />
      {redemption.voucher_code && (
        <>
          <ReadyButton variant="light" mt="sm" onClick={toggle} aria-expanded={open}>
            {open ? text.close : text.redemptions.showCode}
          </ReadyButton>
          <Collapse expanded={open}>
            <Stack pt="md">{open && <Voucher code={redemption.voucher_code} />}</Stack>
          </Collapse>
        </>
      )}
    </Card>
  );
}

function Explanation({ redemption: { status, reason } }: { redemption: Redemption }) {
  const text = useText();
  if (status !== "rejected" && status !== "cancelled") return null;
  return (
    <Text size="sm" mt="xs">
      {reason && `${text.rewards.reason[reason]}. `}
      {status === "cancelled" ? text.redemptions.back : text.redemptions.kept}
    </Text>
  );
}

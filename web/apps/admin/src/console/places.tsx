"use client";

import type { PlaceGroup } from "@laurel/ui";
import {
  IconAdjustments,
  IconBuildingStore,
  IconChartAreaLine,
  IconFileInvoice,
  IconGift,
  IconHistory,
  IconLadder,
  IconListDetails,
  IconReceipt2,
  IconRoute,
  IconScale,
  IconShieldLock,
  IconTableImport,
  IconTicket,
  IconUsers,
  IconUserShare,
  IconWebhook,
} from "@tabler/icons-react";

import { useText } from "@/messages";
import { type Operation, useMay } from "@/session/access";

type PlaceName = keyof ReturnType<typeof useText>["console"]["places"];
type GroupName = keyof ReturnType<typeof useText>["console"]["groups"];

interface Spot {
  name: PlaceName;
  href: string;
  icon: typeof IconUsers;
  /** What one must be allowed to do to be shown the way there. */
  needs: Operation;
}

const map: Record<GroupName, Spot[]> = {
  program: [
    { name: "overview", href: "/", icon: IconChartAreaLine, needs: "get_report_overview" },
    { name: "reports", href: "/reports", icon: IconFileInvoice, needs: "get_report_liability" },
  ],
  customers: [
    { name: "members", href: "/members", icon: IconUsers, needs: "list_members" },
    { name: "transactions", href: "/transactions", icon: IconReceipt2, needs: "list_transactions" },
    { name: "redemptions", href: "/redemptions", icon: IconTicket, needs: "list_redemptions" },
    { name: "referrals", href: "/referrals", icon: IconUserShare, needs: "list_referrals" },
  ],
  offers: [
    { name: "rules", href: "/rules", icon: IconScale, needs: "list_rules" },
    { name: "replays", href: "/replays", icon: IconHistory, needs: "list_replays" },
    { name: "rewards", href: "/rewards", icon: IconGift, needs: "list_rewards" },
    { name: "tiers", href: "/tiers", icon: IconLadder, needs: "get_tiers" },
  ],
  operation: [
    { name: "pipeline", href: "/pipeline", icon: IconRoute, needs: "get_pipeline" },
    { name: "merchants", href: "/merchants", icon: IconBuildingStore, needs: "list_merchants" },
    { name: "webhooks", href: "/webhooks", icon: IconWebhook, needs: "list_webhooks" },
    { name: "transfer", href: "/transfer", icon: IconTableImport, needs: "list_transactions" },
    { name: "audit", href: "/audit", icon: IconListDetails, needs: "list_audit_log" },
    { name: "admins", href: "/admins", icon: IconShieldLock, needs: "list_admins" },
    { name: "program", href: "/program", icon: IconAdjustments, needs: "get_program" },
  ],
};

const ICON_PIXELS = 18;

/** The places of the console that who is signed in may go to. */
export function usePlaces(): PlaceGroup[] {
  const text = useText().console;
  const may = useMay();
  return (Object.keys(map) as GroupName[]).map((group) => ({
    label: text.groups[group],
    places: map[group]
      .filter((spot) => may(spot.needs))
      .map(({ name, href, icon: Icon }) => ({
        label: text.places[name],
        href,
        icon: <Icon size={ICON_PIXELS} stroke={1.7} aria-hidden />,
      })),
  }));
}

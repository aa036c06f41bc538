"use client";

import { useFormat } from "@laurel/ui";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconGift, IconScale, IconSearch, IconUser, IconUserPlus } from "@tabler/icons-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import { useGet } from "@/api/queries";
import { useText } from "@/messages";
import { type Operation, useMay } from "@/session/access";

import { usePlaces } from "./places";

const PAUSE_MILLISECONDS = 150;
const MEMBERS_SHOWN = 6;

/** Every page, what can be begun, and members by name, email or id. The console opens it, with Ctrl+K too. */
export function Palette() {
  const text = useText().console;
  const [typed, setTyped] = useState("");
  const groups = [usePages(), useBeginnings(), useMembers(typed)].filter((group) => group.actions.length > 0);
  return (
    <Spotlight
      actions={groups}
      query={typed}
      onQueryChange={setTyped}
      filter={narrow}
      shortcut={null}
      nothingFound={text.paletteEmpty}
      attributes={{ content: { "aria-label": text.palette } }}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: text.palette, "aria-label": text.palette }}
      highlightQuery
      scrollable
      maxHeight={420}
    />
  );
}

function usePages(): SpotlightActionGroupData {
  const router = useRouter();
  const text = useText().console;
  const places = usePlaces().flatMap((group) => group.places.map((place) => ({ ...place, group: group.label })));
  return {
    group: text.palettePages,
    actions: places.map(({ label, href, icon, group }) => ({
      id: href,
      label,
      description: group,
      leftSection: icon,
      onClick: () => router.push(href),
    })),
  };
}

function useBeginnings(): SpotlightActionGroupData {
  const router = useRouter();
  const text = useText().console;
  const may = useMay();
  const all: [Operation, string, string, typeof IconGift][] = [
    ["create_rule", "/rules/new", text.newRule, IconScale],
    ["create_reward", "/rewards/new", text.newReward, IconGift],
    ["create_member", "/members?new=1", text.newMember, IconUserPlus],
  ];
  return {
    group: text.paletteActions,
    actions: all
      .filter(([operation]) => may(operation))
      .map(([, href, label, Icon]) => ({
        id: href,
        label,
        leftSection: <Icon size={18} aria-hidden />,
        onClick: () => router.push(href),
      })),
  };
}

function useMembers(typed: string): SpotlightActionGroupData {
  const router = useRouter();
  const format = useFormat();
  const text = useText().console;
  const [search] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const enabled = search.length > 1;
  const found = useGet("/api/admin/members", { query: { search, limit: MEMBERS_SHOWN } }, { enabled });
  const members = enabled ? (found.data?.data ?? []) : [];
  return {
    group: text.paletteMembers,
    actions: members.map((member) => ({
      id: `member:${member.member_id}`,
      label: member.name ?? member.email ?? member.external_id ?? member.member_id,
      description: [member.email, format.points(member.points.available)].filter(Boolean).join(" · "),
      leftSection: <IconUser size={18} aria-hidden />,
      onClick: () => router.push(`/members/${member.member_id}`),
    })),
  };
}

/** Pages by their words; members as the API found them. */
function narrow(query: string, groups: (SpotlightActionData | SpotlightActionGroupData)[]) {
  const words = query.trim().toLowerCase();
  const fits = (action: SpotlightActionData) =>
    action.id.startsWith("member:") ||
    `${action.label ?? ""} ${action.description ?? ""}`.toLowerCase().includes(words);
  return groups
    .filter((group): group is SpotlightActionGroupData => "actions" in group)
    .map((group) => ({ ...group, actions: group.actions.filter(fits) }))
    .filter((group) => group.actions.length > 0);
}

"use client";

import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { type Redemption } from "@/api";
import { awaited } from "@/live/outcomes";
import { useText } from "@/text";

type Decided = "completed" | "rejected" | "cancelled";

/** Tells of a reward that was decided, wherever the member is by then. */
export function Outcomes() {
  const text = useText();
  const queries = useQueryClient();
  useEffect(() => {
    return queries.getQueryCache().subscribe(({ query }) => {
      const [kind] = query.queryKey as readonly unknown[];
      if (kind !== "redemption") return;
      const known = query.state.data as Redemption | undefined;
      if (known === undefined || known.status === "pending" || known.status === "reserved") return;
      if (awaited.delete(known.redemption_id)) {
        const outcome: Decided = known.status;
        notifications.show({
          id: known.redemption_id,
          color: outcome === "completed" ? "laurel" : "amber",
          title: text.redemptions.toast[outcome],
          message: known.reason ? text.rewards.reason[known.reason] : known.voucher_code,
        });
      }
    });
  }, [queries, text]);
  return null;
}

import type { Schema } from "@/api/client";
import { fromLocal, toLocal } from "@/rules/draft";

type Reward = Schema<"Reward">;
type NewReward = Schema<"NewReward">;

/** A reward as its form holds it: what is empty is absent. */
export interface RewardDraft {
  name: string;
  description: string;
  image_url: string;
  points_cost: number | string;
  stock_remaining: number | string;
  limit_per_member: number | string;
  limit_period: NonNullable<NewReward["limit_period"]>;
  minimum_tier_code: string | null;
  active: boolean;
  starts_at: string;
  ends_at: string;
  voucher_source: NonNullable<NewReward["voucher_source"]>;
  confirm_seconds: number | string;
}

const nothing: RewardDraft = {
  name: "",
  description: "",
  image_url: "",
  points_cost: "",
  stock_remaining: "",
  limit_per_member: "",
  limit_period: "ever",
  minimum_tier_code: null,
  active: true,
  starts_at: "",
  ends_at: "",
  voucher_source: "generated",
  confirm_seconds: "",
};

export function rewardDraft(reward: Reward | undefined): RewardDraft {
  if (!reward) return nothing;
  return {
    ...reward,
    image_url: reward.image_url ?? "",
    stock_remaining: reward.stock_remaining ?? "",
    limit_per_member: reward.limit_per_member ?? "",
    starts_at: toLocal(reward.starts_at),
    ends_at: toLocal(reward.ends_at),
    confirm_seconds: reward.confirm_seconds ?? "",
  };
}

export function rewardOf(draft: RewardDraft): NewReward {
  return {
    name: draft.name.trim(),
    description: draft.description,
    image_url: draft.image_url || null,
    points_cost: Number(draft.points_cost),
    stock_remaining: numberOrNull(draft.stock_remaining),
    limit_per_member: numberOrNull(draft.limit_per_member),
    limit_period: draft.limit_period,
    minimum_tier_code: draft.minimum_tier_code,
    active: draft.active,
    starts_at: fromLocal(draft.starts_at),
    ends_at: fromLocal(draft.ends_at),
    voucher_source: draft.voucher_source,
    confirm_seconds: numberOrNull(draft.confirm_seconds),
  };
}

/** Only what differs, never the stock: that moves by itself and is changed by how much, not to what. */
export function changed(draft: RewardDraft, reward: Reward): Schema<"RewardPatch"> {
  const before = rewardOf(rewardDraft(reward));
  const entries = Object.entries(rewardOf(draft)) as [keyof NewReward, unknown][];
  return Object.fromEntries(entries.filter(([name, value]) => name !== "stock_remaining" && value !== before[name]));
}

const numberOrNull = (typed: number | string) => (typed === "" ? null : Number(typed));

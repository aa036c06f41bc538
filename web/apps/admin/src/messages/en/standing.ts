export const standing = {
  active: "Active",
  awarded: "Awarded",
  completed: "Completed",
  recorded: "Recorded",
  pending: "Pending",
  queued: "Queued",
  running: "Running",
  reserved: "Reserved",
  shadow: "On trial",
  draft: "Draft",
  suspended: "Suspended",
  refunded: "Refunded",
  reversed: "Points taken back",
  cancelled: "Cancelled",
  retired: "Retired",
  erased: "Erased",
  rejected: "Rejected",
  failed: "Failed",
  delivered: "Delivered",
  open: "Open",
  over_limit: "Over the limit",
  lapsed: "Lapsed",
  revoked: "Taken back",
};

export const rejections = {
  insufficient_points: "not enough points",
  out_of_stock: "out of stock",
  limit_reached: "limit reached",
  tier_not_eligible: "tier not eligible",
  reward_inactive: "reward not on offer",
  member_inactive: "member not active",
};

export const periods = { day: "day", week: "week", month: "month", year: "year", ever: "in all" };

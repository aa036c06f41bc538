-- name: list_member_changes
-- What changed for members since the versions they have seen, at most row_limit of each kind each, and how they stand.
-- One statement, so one snapshot: a state is never older than the changes that come with it.
with looked_at as (
  select member_id, seen from unnest(:member_ids::uuid[], :seen_versions::bigint[]) as s (member_id, seen)
)
select a.member_id, a.wallet_version as version, 'transaction.awarded' as event,
  jsonb_build_object('transaction_id', a.transaction_id, 'points_awarded', a.points, 'awarded_at', a.awarded_at) as data
from looked_at s cross join lateral (
  select * from award where member_id = s.member_id and wallet_version > s.seen order by wallet_version limit :row_limit
) a
union all
select r.member_id, r.wallet_version, 'redemption.completed',
  jsonb_build_object('redemption_id', r.id, 'reward_id', r.reward_id, 'status', r.status, 'reason', r.reason,
    'voucher_code', r.voucher_code, 'completed_at', r.completed_at)
from looked_at s cross join lateral (
  select * from redemption where member_id = s.member_id and wallet_version > s.seen and status <> 'reserved'
  order by wallet_version limit :row_limit
) r
union all
select w.member_id, w.version, 'points.changed',
  jsonb_build_object('member_id', w.member_id, 'available', w.available, 'pending', w.pending, 'held', w.held,
    'lifetime_earned', w.lifetime_earned, 'version', w.version, 'as_of', now())
from looked_at s join wallet w on w.member_id = s.member_id;

-- name: lock_pending_redemptions
-- The redemptions that wait for their decision, locked in id order.
select id as redemption_id, member_id, reward_id, points_cost, hold_entry_id from redemption
where id = any(:redemption_ids::uuid[]) and status = 'pending'
order by id for no key update;

-- name: lock_wanted_rewards
-- The rewards to decide about, locked in id order: their stock is counted down under this lock.
-- The tier is looked up and not joined: after a wait for the lock a join would find none for the tier that is new.
select r.id as reward_id, r.points_cost, r.active, r.starts_at, r.ends_at,
  (select rank from tier where code = r.minimum_tier_code) as minimum_tier_rank,
  r.stock_remaining, r.limit_per_member, r.voucher_source = 'uploaded' as hands_out_codes, r.confirm_seconds
from reward r
where r.id = any(:reward_ids::uuid[])
order by r.id for no key update;

-- name: count_completed_redemptions
-- How often each of these members has had each of these rewards in the reward's period, or has it reserved.
select w.reward_id, w.member_id, count(*) as redeemed
from unnest(:reward_ids::uuid[], :member_ids::uuid[]) as w (reward_id, member_id)
join reward g on g.id = w.reward_id
cross join program p
join redemption r on r.reward_id = w.reward_id and r.member_id = w.member_id and r.status in ('completed', 'reserved')
  and r.decided_at >= period_start(g.limit_period, :at, p.time_zone)
group by w.reward_id, w.member_id;

-- name: save_decisions!
-- The outcome of redemptions that were pending.
update redemption set status = d.status, reason = d.reason, voucher_code = d.voucher_code, entry_id = d.entry_id,
  hold_entry_id = coalesce(d.hold_entry_id, redemption.hold_entry_id), returned_entry_id = d.returned_entry_id,
  wallet_version = d.wallet_version, reserved_until = d.reserved_until, decided_at = :decided_at::timestamptz,
  completed_at = case when d.status = 'reserved' then null else :decided_at::timestamptz end
from unnest(
  :redemption_ids::uuid[], :statuses::text[], :reasons::text[], :voucher_codes::text[], :entry_ids::bigint[],
  :hold_entry_ids::bigint[], :returned_entry_ids::bigint[], :wallet_versions::bigint[], :reserved_untils::timestamptz[])
  as d (redemption_id, status, reason, voucher_code, entry_id, hold_entry_id, returned_entry_id, wallet_version,
    reserved_until)
where redemption.id = d.redemption_id and redemption.status = 'pending';

-- name: lock_free_vouchers
-- So many codes of each of these rewards that nobody has, locked; those that another decision looks at are passed over.
select v.reward_id, v.code
from unnest(:reward_ids::uuid[], :counts::bigint[]) as w (reward_id, wanted)
cross join lateral (
  select reward_id, code from voucher where voucher.reward_id = w.reward_id and redemption_id is null
  order by uploaded_at, upload_line, code limit w.wanted for update skip locked
) v;

-- name: take_vouchers!
-- Codes that members have now.
update voucher set redemption_id = t.redemption_id
from unnest(:reward_ids::uuid[], :codes::text[], :redemption_ids::uuid[]) as t (reward_id, code, redemption_id)
where voucher.reward_id = t.reward_id and voucher.code = t.code and voucher.redemption_id is null;

-- name: list_draws_of
-- What these entries took out of which lots, and the lots as they are. Hold the wallets' locks.
select d.entry_id, d.points, l.id as lot_id, l.remaining,
  lot_expiry(l.expires_at, l.rolls_months, w.active_at) as expires_at
from lot_draw d join lot l on l.id = d.lot_id join wallet w using (member_id)
where d.entry_id = any(:entry_ids::bigint[]) and d.points > 0
order by d.entry_id, l.id;

-- name: take_stock!
-- Counts down the stock of rewards that have one.
update reward set stock_remaining = stock_remaining - t.taken, updated_at = :updated_at::timestamptz
from unnest(:reward_ids::uuid[], :taken::bigint[]) as t (reward_id, taken)
where reward.id = t.reward_id and stock_remaining is not null;

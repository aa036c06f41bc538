-- name: lock_pending_redemptions
-- The redemptions that wait for their decision, locked in id order.
select id as redemption_id, member_id, reward_id, points_cost from redemption
where id = any(:redemption_ids::uuid[]) and status = 'pending'
order by id for no key update;

-- name: lock_wanted_rewards
-- The rewards to decide about, locked in id order: their stock is counted down under this lock.
select r.id as reward_id, r.points_cost, r.active, r.starts_at, r.ends_at, t.rank as minimum_tier_rank,
  r.stock_remaining, r.limit_per_member
from reward r left join tier t on t.code = r.minimum_tier_code
where r.id = any(:reward_ids::uuid[])
order by r.id for no key update of r;

-- name: count_completed_redemptions
-- How often each of these members has each of these rewards.
select w.reward_id, w.member_id, count(*) as redeemed
from unnest(:reward_ids::uuid[], :member_ids::uuid[]) as w (reward_id, member_id)
join redemption r on r.reward_id = w.reward_id and r.member_id = w.member_id and r.status = 'completed'
group by w.reward_id, w.member_id;

-- name: save_decisions!
-- The outcome of redemptions that were pending.
update redemption set status = d.status, reason = d.reason, voucher_code = d.voucher_code, entry_id = d.entry_id,
  wallet_version = d.wallet_version, completed_at = :completed_at::timestamptz
from unnest(
  :redemption_ids::uuid[], :statuses::text[], :reasons::text[], :voucher_codes::text[], :entry_ids::bigint[],
  :wallet_versions::bigint[]) as d (redemption_id, status, reason, voucher_code, entry_id, wallet_version)
where redemption.id = d.redemption_id and redemption.status = 'pending';

-- name: take_stock!
-- Counts down the stock of rewards that have one.
update reward set stock_remaining = stock_remaining - t.taken, updated_at = :updated_at::timestamptz
from unnest(:reward_ids::uuid[], :taken::bigint[]) as t (reward_id, taken)
where reward.id = t.reward_id and stock_remaining is not null;

-- name: insert_reward!
-- A new reward.
insert into reward (id, name, description, image_url, points_cost, stock_remaining, limit_per_member, minimum_tier_code,
  active, starts_at, ends_at, created_at, updated_at, limit_period, voucher_source, confirm_seconds, partner_id)
values (:reward_id, :name, :description, :image_url, :points_cost, :stock_remaining, :limit_per_member,
  :minimum_tier_code, :active, :starts_at, :ends_at, :at, :at, :limit_period, :voucher_source, :confirm_seconds,
  :partner_id);

-- name: admin_reward_by_id^
-- A reward, whether or not it is active.
select id as reward_id, name, description, image_url, points_cost, stock_remaining, limit_per_member,
  minimum_tier_code, active, starts_at, ends_at, created_at, updated_at, limit_period, voucher_source,
  confirm_seconds, partner_id
from reward where id = :reward_id;

-- name: lock_admin_reward^
-- A reward that is about to change; whoever redeems it waits.
select id as reward_id, name, description, image_url, points_cost, stock_remaining, limit_per_member,
  minimum_tier_code, active, starts_at, ends_at, created_at, updated_at, limit_period, voucher_source,
  confirm_seconds, partner_id
from reward where id = :reward_id for no key update;

-- name: update_reward!
-- All that can change of a reward.
update reward set name = :name, description = :description, image_url = :image_url, points_cost = :points_cost,
  stock_remaining = :stock_remaining, limit_per_member = :limit_per_member, minimum_tier_code = :minimum_tier_code,
  active = :active, starts_at = :starts_at, ends_at = :ends_at, updated_at = :at, limit_period = :limit_period,
  voucher_source = :voucher_source, confirm_seconds = :confirm_seconds, partner_id = :partner_id
where id = :reward_id;

-- name: list_admin_rewards
-- A page of rewards, newest first.
select id as reward_id, name, description, image_url, points_cost, stock_remaining, limit_per_member,
  minimum_tier_code, active, starts_at, ends_at, created_at, updated_at, limit_period, voucher_source,
  confirm_seconds, partner_id
from reward
where (:active::bool is null or active = :active) and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: list_admin_redemptions
-- A page of redemptions of all members, newest first.
select d.id as redemption_id, d.member_id, d.reward_id, r.name as reward_name, d.points_cost, d.status, d.reason,
  d.voucher_code, d.requested_at, d.completed_at, d.reserved_until, d.cancelled_at, d.cancel_reason
from redemption d join reward r on r.id = d.reward_id
where (:status::text is null or d.status = :status)
  and (:member_id::uuid is null or d.member_id = :member_id)
  and (:reward_id::uuid is null or d.reward_id = :reward_id)
  and (:before_id::uuid is null or d.id < :before_id)
order by d.id desc limit :limit;

-- name: admin_redemption_by_id^
-- A redemption.
select d.id as redemption_id, d.member_id, d.reward_id, r.name as reward_name, d.points_cost, d.status, d.reason,
  d.voucher_code, d.requested_at, d.completed_at, d.reserved_until, d.cancelled_at, d.cancel_reason
from redemption d join reward r on r.id = d.reward_id where d.id = :redemption_id;

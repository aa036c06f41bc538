-- name: lock_member_for_redemption$
-- Locks the member's wallet; the member's status.
select m.status from wallet w join member m on m.id = w.member_id
where w.member_id = :member_id
for no key update of w;

-- name: insert_redemption!
-- A redemption that waits for its decision, at the price the reward has now.
insert into redemption (id, member_id, reward_id, points_cost, requested_at, hold_entry_id)
values (:redemption_id, :member_id, :reward_id, :points_cost, :requested_at, :hold_entry_id);

-- name: find_redemption^
-- A member's redemption.
select d.id as redemption_id, d.reward_id, r.name as reward_name, d.points_cost, d.status, d.reason, d.voucher_code,
  d.requested_at, d.completed_at
from redemption d join reward r on r.id = d.reward_id where d.id = :redemption_id and d.member_id = :member_id;

-- name: list_redemptions
-- A page of a member's redemptions, the last first.
select d.id as redemption_id, d.reward_id, r.name as reward_name, d.points_cost, d.status, d.reason, d.voucher_code,
  d.requested_at, d.completed_at
from redemption d join reward r on r.id = d.reward_id
where d.member_id = :member_id and (:before_id::uuid is null or d.id < :before_id)
order by d.id desc limit :row_limit;

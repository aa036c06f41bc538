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
select id as redemption_id, reward_id, points_cost, status, reason, voucher_code, requested_at, completed_at
from redemption where id = :redemption_id and member_id = :member_id;

-- name: list_redemptions
-- A page of a member's redemptions, the last first.
select id as redemption_id, reward_id, points_cost, status, reason, voucher_code, requested_at, completed_at
from redemption
where member_id = :member_id and (:before_id::uuid is null or id < :before_id)
order by id desc limit :row_limit;

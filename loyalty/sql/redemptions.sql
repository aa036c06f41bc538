-- name: lock_member_for_redemption$
-- Locks the member's wallet, and the member, whose status would be an old one after a wait for the wallet alone.
select m.status from wallet w join member m on m.id = w.member_id
where w.member_id = :member_id
for no key update of w for share of m;

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
-- A page of redemptions for each member asked for, the last first; without any, one row that has no id.
select asked.place, m.status as member_status, d.*
from unnest(:member_ids::uuid[], :before_ids::uuid[], :row_limits::int[])
  with ordinality as asked (member_id, before_id, row_limit, place)
join member m on m.id = asked.member_id
left join lateral (
  select d.id, d.id as redemption_id, d.reward_id, r.name as reward_name, d.points_cost, d.status, d.reason,
    d.voucher_code, d.requested_at, d.completed_at
  from redemption d join reward r on r.id = d.reward_id
  where d.member_id = asked.member_id and (asked.before_id is null or d.id < asked.before_id)
  order by d.id desc limit asked.row_limit
) d on true
order by asked.place, d.id desc;

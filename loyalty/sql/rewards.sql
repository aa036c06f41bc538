-- name: find_reward_price^
-- What a reward is called and costs now; no row when there is no such reward.
select name, points_cost from reward where id = :reward_id;

-- name: list_offered_rewards
-- A page of the rewards that are on offer now, the newest first, with what decides whether this member can have them.
select r.id as reward_id, r.name, r.description, r.image_url, r.points_cost, r.stock_remaining, r.limit_per_member,
  r.active, r.starts_at, r.ends_at, t.rank as minimum_tier_rank, t.name as minimum_tier_name,
  r.voucher_source = 'uploaded' as hands_out_codes, r.confirm_seconds,
  (select count(*) from (
    select from voucher v where v.reward_id = r.id and v.redemption_id is null and r.voucher_source = 'uploaded' limit 1
  ) free) as codes_left,
  (select count(*) from redemption d
   where d.reward_id = r.id and d.member_id = :member_id and d.status in ('completed', 'reserved')
     and d.decided_at >= period_start(r.limit_period, :at, p.time_zone)) as redeemed_by_member
from reward r cross join program p left join tier t on t.code = r.minimum_tier_code
where r.active and (r.starts_at is null or r.starts_at <= :at) and (r.ends_at is null or r.ends_at > :at)
  and (:before_id::uuid is null or r.id < :before_id)
order by r.id desc limit :row_limit;

-- name: find_redeeming_member^
-- What of a member decides which rewards they can have.
select m.status, t.rank as tier_rank, w.available, case when w.pending > 0 then (
    select jsonb_agg(jsonb_build_array(soon.pending_until, soon.points) order by soon.pending_until) from (
      select pending_until, sum(remaining)::bigint as points from lot
      where lot.member_id = :member_id and remaining > 0 and pending_until is not null group by pending_until
    ) soon
  ) end as coming
from member m join wallet w on w.member_id = m.id join tier t on t.code = m.tier_code
where m.id = :member_id;

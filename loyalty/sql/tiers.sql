-- name: list_qualifying_months
-- What counts towards these members' tiers, by month.
select member_id, month, points, spend_minor from qualifying_month where member_id = any(:member_ids::uuid[]);

-- name: list_standings
-- Which of these members are in grace.
select member_id, grace_until from tier_standing where member_id = any(:member_ids::uuid[]) and grace_until is not null;

-- name: add_qualifying!
-- Purchases count towards their members' tiers. Hold the wallets' locks.
insert into qualifying_month (member_id, month, points, spend_minor)
select * from unnest(:member_ids::uuid[], :months::date[], :points::bigint[], :spends_minor::bigint[])
on conflict (member_id, month) do update set points = qualifying_month.points + excluded.points,
  spend_minor = qualifying_month.spend_minor + excluded.spend_minor;

-- name: save_standings!
-- Members stand so from now on; `since` moves only with the tier. Hold the wallets' locks.
with standing as (
  select * from unnest(:member_ids::uuid[], :codes::text[], :graces_until::timestamptz[])
    as s (member_id, code, grace_until)
), moved as (
  update member set tier_code = standing.code from standing
  where member.id = standing.member_id and member.tier_code <> standing.code
  returning member.id
)
insert into tier_standing (member_id, since, grace_until)
select member_id, :at::timestamptz, grace_until from standing
on conflict (member_id) do update set grace_until = excluded.grace_until,
  since = case when tier_standing.member_id in (select id from moved) then excluded.since else tier_standing.since end;

-- name: insert_tier_changes!
-- Members moved on the ladder.
insert into tier_change (id, member_id, from_code, to_code, reason, wallet_version, changed_at)
select c.id, c.member_id, c.from_code, c.to_code, c.reason, c.wallet_version, :at::timestamptz
from unnest(:ids::uuid[], :member_ids::uuid[], :from_codes::text[], :to_codes::text[], :reasons::text[],
  :wallet_versions::bigint[]) as c (id, member_id, from_code, to_code, reason, wallet_version);

-- name: recount_qualifying!
-- What counts towards these members' tiers, counted anew from their purchases and refunds. Hold the wallets' locks.
with bought as (
  select a.member_id, t.occurred_at, a.points, t.amount_minor
  from award a join transaction t on t.id = a.transaction_id
  where a.member_id = any(:member_ids::uuid[])
  union all
  select r.member_id, t.occurred_at, -r.points_due, -r.amount_minor
  from refund r join transaction t on t.id = r.transaction_id
  where r.member_id = any(:member_ids::uuid[]) and r.reversed_at is not null
), counted as (
  select member_id, date_trunc('month', occurred_at at time zone :time_zone::text)::date as month,
    sum(points)::bigint as points, sum(amount_minor)::bigint as spend_minor
  from bought group by 1, 2
), gone as (
  delete from qualifying_month q where q.member_id = any(:member_ids::uuid[])
    and not exists (select from counted c where (c.member_id, c.month) = (q.member_id, q.month))
)
insert into qualifying_month (member_id, month, points, spend_minor) select * from counted
on conflict (member_id, month) do update set points = excluded.points, spend_minor = excluded.spend_minor;

-- name: list_members_to_recalculate
-- Members after an id, in the order of their ids.
select id as member_id from member where id > :after_id::uuid order by id limit :row_limit::int;

-- name: tier_recalculation^
-- How far the recalculation of all tiers is.
select day, ruleset_version, after_id, finished_at from tier_recalculation;

-- name: save_tier_recalculation!
-- How far the recalculation of all tiers is now.
update tier_recalculation set day = :day, ruleset_version = :ruleset_version, after_id = :after_id,
  finished_at = :finished_at;

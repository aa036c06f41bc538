-- name: awarded_history
-- Awards with their purchases, in the order of the locks under which they were reckoned: a page after a seq.
-- Lines and shares of purchases outside the times asked for are left out: they only count towards their members.
select a.seq, a.transaction_id, a.member_id, a.points, a.ruleset_version, a.wallet_version, wanted.is_wanted,
  t.merchant_id, t.occurred_at, t.amount_minor, t.currency,
  case when wanted.is_wanted then t.items end as items,
  m.created_at as joined_at, m.birth_date, m.status, m.tier_code,
  exists (select from refund r where r.transaction_id = a.transaction_id) as is_refunded,
  case when wanted.is_wanted then (
    select jsonb_agg(jsonb_build_array(rule -> 'rule_id', rule -> 'version', rule -> 'points'))
    from jsonb_array_elements(a.receipt -> 'rules') rule where rule -> 'points' <> '0'
  ) end as shares,
  case when wanted.is_wanted then (
    select -sum(p.points)::bigint from posting p where p.entry_id = a.entry_id and p.account = 'program.issued'
  ) end as booked
from award a
join transaction t on t.id = a.transaction_id
join member m on m.id = a.member_id
cross join lateral (
  select (:from_time::timestamptz is null or t.occurred_at >= :from_time)
    and (:to_time::timestamptz is null or t.occurred_at < :to_time) as is_wanted
) wanted
where a.seq > :after_seq::bigint
order by a.seq limit :row_limit::int;

-- name: counted_refunds
-- Refunds that gave back what limits had counted, with what their members were left without, in a range of places.
select r.counted_seq as seq, r.transaction_id, a.points as awarded, r.points_reversed + r.points_lapsed as returned, (
    select sum(o.points_reversed + o.points_lapsed)::bigint from refund o
    where o.transaction_id = r.transaction_id and o.reversed_at is not null
      and (o.counted_seq is null or o.counted_seq < r.counted_seq)
  ) as returned_before
from refund r join award a on a.transaction_id = r.transaction_id
where r.counted_seq > :after_seq and r.counted_seq <= :upto_seq and a.points > 0
order by r.counted_seq;

-- name: count_awarded_history$
-- How many awards there are up to now.
select count(*) from award;

-- name: list_tier_changes
-- Every change of a member's tier, in order.
select member_id, wallet_version, from_code, to_code from tier_change order by member_id, wallet_version;

-- name: list_rulesets
-- What decided what a purchase earns, for every version there was.
select version, program, rules, tiers from ruleset order by version;

-- name: list_all_rule_versions
-- Everything that rules ever said.
select v.rule_id, v.version, r.created_at, v.definition
from earning_rule_version v join earning_rule r on r.id = v.rule_id;

-- name: insert_replay!
-- A replay that waits for its turn.
insert into rule_replay (id, rules, from_time, to_time, requested_by, requested_at)
values (:replay_id, :rules, :from_time, :to_time, :requested_by, :requested_at);

-- name: replay_by_id^
-- A replay with what it found.
select id as replay_id, rules, from_time, to_time, status, purchases_total, purchases_done, result, error, requested_by,
  requested_at, started_at, finished_at
from rule_replay where id = :replay_id;

-- name: list_replays
-- A page of replays, newest first, without what they found.
select id as replay_id, rules, from_time, to_time, status, purchases_total, purchases_done, null::jsonb as result, error,
  requested_by, requested_at, started_at, finished_at
from rule_replay where :before_id::uuid is null or id < :before_id order by id desc limit :limit;

-- name: cancel_replay!
-- A replay that nobody wants any more.
update rule_replay set status = 'cancelled', finished_at = :at where id = :replay_id and status in ('queued', 'running');

-- name: count_waiting_replays$
-- How many replays wait, or were broken off.
select count(*) from rule_replay where status in ('queued', 'running');

-- name: lead_replays$
-- Whether this session is now the one that runs replays.
select pg_try_advisory_lock(727001);

-- name: claim_replay^
-- The oldest replay that waits or was broken off, begun anew. Hold the lock of lead_replays.
update rule_replay set status = 'running', started_at = :at, purchases_done = 0, attempts = attempts + 1
where id = (select id from rule_replay where status in ('queued', 'running') order by id limit 1)
returning id as replay_id, rules, from_time, to_time, attempts;

-- name: save_replay_progress$
-- How far a replay is. No row when it was cancelled.
update rule_replay set purchases_done = :purchases_done, purchases_total = :purchases_total
where id = :replay_id and status = 'running' returning true;

-- name: finish_replay!
-- A replay is over, one way or the other.
update rule_replay set status = :status, result = :result, error = :error, finished_at = :at,
  purchases_done = :purchases_done
where id = :replay_id and status = 'running';

-- name: holdings_now^
-- What members hold in all accounts, and how many members there are.
select coalesce(sum(available + pending + held - owed), 0)::bigint as points, count(*) as members from wallet;

-- name: points_moved_by_day
-- Points by what moved them, for each local day from one instant to another (excluded).
select (e.booked_at at time zone :time_zone::text)::date as day,
  coalesce(-sum(p.points) filter (where p.account = 'program.issued'), 0)::bigint as issued,
  coalesce(sum(p.points) filter (where p.account = 'program.redeemed'), 0)::bigint as redeemed,
  coalesce(-sum(p.points) filter (where p.account = 'program.adjusted'), 0)::bigint as adjusted,
  coalesce(sum(p.points) filter (where p.account = 'program.reversed'), 0)::bigint as reversed,
  coalesce(sum(p.points) filter (where p.account = 'program.expired'), 0)::bigint as expired
from journal_entry e join posting p on p.entry_id = e.id
where e.booked_at >= :starts_at and e.booked_at < :ends_at and p.account like 'program.%'
group by day order by day;

-- name: points_moved_since$
-- By how much members' points have changed in all since an instant.
select coalesce(-sum(p.points), 0)::bigint
from journal_entry e join posting p on p.entry_id = e.id
where e.booked_at >= :since and p.account like 'program.%';

-- name: transactions_by_day
-- Purchases recorded, for each local day.
select (recorded_at at time zone :time_zone::text)::date as day, count(*) as count from transaction
where recorded_at >= :starts_at and recorded_at < :ends_at group by day order by day;

-- name: members_joined_by_day
-- Members who joined, for each local day.
select (created_at at time zone :time_zone::text)::date as day, count(*) as count from member
where created_at >= :starts_at and created_at < :ends_at group by day order by day;

-- name: members_active
-- Members who bought, asked for a reward, or did what a merchant told of, each once in a day and once in a range.
-- Without a day: of the days before first_day, and from it on.
with acted as (
  select member_id, recorded_at as at from transaction
  where recorded_at >= :starts_at and recorded_at < :ends_at
  union all
  select member_id, requested_at from redemption where requested_at >= :starts_at and requested_at < :ends_at
  union all
  select member_id, recorded_at from member_event
  where recorded_at >= :starts_at and recorded_at < :ends_at and not starts_with(event_type, 'referral.')
), by_day as (
  select distinct member_id, (at at time zone :time_zone::text)::date as day from acted
)
select day >= :first_day::date as is_wanted, case when grouping(day) = 0 then day end as day,
  count(distinct member_id) as count
from by_day group by grouping sets ((day >= :first_day::date, day), (day >= :first_day::date));

-- name: redemptions_completed_by_day
-- Rewards handed out, for each local day.
select (completed_at at time zone :time_zone::text)::date as day, count(*) as count from redemption
where status = 'completed' and completed_at >= :starts_at and completed_at < :ends_at group by day order by day;

-- name: redemptions_by_outcome
-- Redemptions requested, by what became of them.
select status, reason, count(*) as count from redemption
where requested_at >= :starts_at and requested_at < :ends_at
group by status, reason order by count desc, status, reason;

-- name: pending_redemptions$
-- Redemptions that are not decided yet, counted up to a limit.
select count(*) from (select from redemption where status = 'pending' limit :limit) pending;

-- name: count_dead_letters^
-- Dead letters that wait for an operator, and those of the last hour.
select count(*) filter (where resolved_at is null) as open, count(*) filter (where created_at > :since) as last_hour
from dead_letter where resolved_at is null or created_at > :since;

-- name: list_admin_dead_letters
-- A page of dead letters, newest first.
select id as dead_letter_id, consumer, event_id, topic, partition, record_offset, key, headers, payload, error_kind,
  error, created_at, resolved_at, resolution
from dead_letter
where (:open::bool is null or (resolved_at is null) = :open)
  and (:topic::text is null or topic = :topic)
  and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: admin_dead_letter_by_id^
-- A dead letter.
select id as dead_letter_id, consumer, event_id, topic, partition, record_offset, key, headers, payload, error_kind,
  error, created_at, resolved_at, resolution
from dead_letter where id = :dead_letter_id;

-- name: read_one_snapshot!
-- Everything this transaction reads is of one moment. It must be the transaction's first statement.
set transaction isolation level repeatable read, read only;

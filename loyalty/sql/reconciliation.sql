-- name: reconciled_up_to$
-- The transaction up to which every one is known to be awarded.
select transaction_id from reconciled_up_to;

-- name: save_reconciled_up_to!
-- Every transaction up to this one is awarded, or set aside as a dead letter.
update reconciled_up_to set transaction_id = :upto_id where transaction_id < :upto_id;

-- name: reopen_from!
-- A transaction is to be looked at again.
update reconciled_up_to set transaction_id = :upto_id where transaction_id > :upto_id;

-- name: last_transaction_of_page$
-- Where a page of transactions ends; nothing when fewer than a page are left.
select id from transaction where id > :after_id and id <= :upto_id order by id offset :page_rows - 1 limit 1;

-- name: list_unawarded_transactions
-- Transactions of a page that have no award and were not set aside.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, t.content_hash
from transaction t
where t.id > :after_id and t.id <= :upto_id
  and not exists (select from award where award.transaction_id = t.id)
  and not exists (
    select from dead_letter d
    where d.event_id = t.id and d.consumer = :consumer and d.resolution is distinct from 'requeued')
order by t.id limit :row_limit;

-- name: reconciled_events_up_to$
-- The custom event up to which every one is known to be awarded.
select event_id from reconciled_up_to;

-- name: save_reconciled_events_up_to!
-- Every custom event up to this one is awarded, or set aside as a dead letter.
update reconciled_up_to set event_id = :upto_id where event_id < :upto_id;

-- name: reopen_events_from!
-- A custom event is to be looked at again.
update reconciled_up_to set event_id = :upto_id where event_id > :upto_id;

-- name: last_event_of_page$
-- Where a page of custom events ends; nothing when fewer than a page are left.
select id from member_event where id > :after_id and id <= :upto_id order by id offset :page_rows - 1 limit 1;

-- name: list_unawarded_events
-- Custom events of a page that have no award and were not set aside.
select e.id as event_id, e.member_id, e.merchant_id, e.event_type, e.external_id, e.occurred_at, e.recorded_at, e.fields,
  e.content_hash
from member_event e
where e.id > :after_id and e.id <= :upto_id
  and not exists (select from event_award where event_award.event_id = e.id)
  and not exists (
    select from dead_letter d
    where d.event_id = e.id and d.consumer = :consumer and d.resolution is distinct from 'requeued')
order by e.id limit :row_limit;

-- name: list_undecided_redemptions
-- The redemptions that have waited longest for their decision and were not set aside.
select r.id as redemption_id, r.member_id, r.reward_id, r.points_cost, r.requested_at
from redemption r
where r.status = 'pending' and r.requested_at < :requested_before
  and not exists (
    select from dead_letter d
    where d.event_id = r.id and d.consumer = :consumer and d.resolution is distinct from 'requeued')
order by r.requested_at limit :row_limit;

-- name: claim_reappends
-- Of these events, those that may be appended again now: the pause doubles each time.
insert into reappended_event (event_id, topic, last_at)
select event_id, :topic, :at::timestamptz from unnest(:event_ids::uuid[]) as e (event_id)
on conflict (event_id) do update set times = reappended_event.times + 1, last_at = excluded.last_at
where reappended_event.last_at + :pause::interval * power(2, least(reappended_event.times, 10)) <= excluded.last_at
returning event_id;

-- name: forget_reappends!
-- Drops what is remembered of events that were appended again long ago.
delete from reappended_event where last_at < :before;

-- name: try_to_lead_reconciling$
-- True when this session is the only one that reconciles, until it ends.
select pg_try_advisory_lock(x'6c617572656c7263'::bigint);

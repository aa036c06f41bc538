-- name: claim_transaction_events
-- Of these events, those never handled before, from now on handled: their transactions have no award yet.
insert into inbox (consumer, event_id)
select :consumer, e.id from unnest(:event_ids::uuid[]) as e (id)
where not exists (select from award where award.transaction_id = e.id)
order by e.id
on conflict do nothing
returning event_id;

-- name: claim_redemption_events
-- Of these events, those never handled before, from now on handled: their redemptions are not decided yet.
insert into inbox (consumer, event_id)
select :consumer, e.id from unnest(:event_ids::uuid[]) as e (id)
where not exists (select from redemption where redemption.id = e.id and redemption.status <> 'pending')
order by e.id
on conflict do nothing
returning event_id;

-- name: claim_event$
-- True when the event was never handled before; from now on it is.
insert into inbox (consumer, event_id) values (:consumer, :event_id)
on conflict do nothing
returning true;

-- name: forget_event!
-- Lets an event be handled again.
delete from inbox where consumer = :consumer and event_id = :event_id;

-- name: forget_old_events!
-- Drops what a consumer claimed before a moment, a bounded number of the oldest events. Ids rise with time.
delete from inbox i
using (
  select event_id from inbox
  where consumer = :consumer and event_id < :before_id and received_at < :before
  order by event_id limit :row_limit) old
where i.consumer = :consumer and i.event_id = old.event_id;

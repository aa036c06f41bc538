-- name: read_doubtful
-- Rows of which the checkpoint of another history does not tell whether they were published: those that it says were
-- not, and those that are no older than ten minutes before it was saved or newer; but for parked ones, which wait as
-- they are. Ids, event ids, creation times.
select id, event_id::text, created_at
from outbox, outbox_checkpoint as c
where (created_at >= c.saved_at - interval '10 minutes'
    or not pg_visible_in_snapshot(xid, c.since)
      and not (c.until is not null and pg_visible_in_snapshot(xid, c.until) and id <= c.last_id))
  and not exists (select from outbox_parked where outbox_id = id)
order by id;

-- name: raise_next_id$
-- No id that was published, up to $1, is given out again.
select setval(pg_get_serial_sequence('outbox', 'id'),
  greatest($1, coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 1)));

-- name: append_again!
-- Appends the rows $1 anew, in their order, under ids and a transaction of this history.
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent, created_at)
select event_id, topic, key, payload, source, occurred_at, traceparent, created_at
from outbox where id = any ($1::bigint[]) order by id;

-- name: delete_replaced!
-- Deletes the rows $1, which were appended anew.
delete from outbox where id = any ($1::bigint[]);

-- name: settle_past!
-- Whatever else is there belongs to the past, though by its transaction's number it would come after the snapshot $1.
update outbox set xid = '3'
where not pg_visible_in_snapshot(xid, $1::text::pg_snapshot) and xid <> pg_current_xact_id();

-- name: rebase_checkpoint!
-- From the snapshot $1 on, in this server's history; $2 ends of the partitions.
update outbox_checkpoint
set since = $1::text::pg_snapshot, until = null, last_id = null, low_id = null, high_id = null,
  ends = $2::text::jsonb, complete = false, saved_at = clock_timestamp(),
  system_identifier = (select system_identifier from pg_control_system());

-- name: lock_writers!
-- Lets nobody append until the end of the transaction; readers go on.
lock table outbox in share row exclusive mode;

-- name: read_snapshot$
-- To be read before the transaction writes: a snapshot does not count its own transaction as one in progress.
select pg_current_snapshot()::text;

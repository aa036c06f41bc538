-- name: insert_replay!
-- Notes the replay $1 that $2 asked for, of the events $3.
insert into outbox_replay (replay_id, asked_by, wanted) values ($1, $2, $3::text::jsonb);

-- name: save_replay!
-- The replay $1 has come to the id $2, with $3 events published again; $4 whether it has ended.
update outbox_replay
set last_id = $2, replayed_rows = $3, ended_at = case when $4::bool then clock_timestamp() end
where replay_id = $1;

-- name: list_replays
-- The replays, the last first, at most $1.
select replay_id, asked_by, wanted::text, last_id, replayed_rows, started_at, ended_at
from outbox_replay order by started_at desc limit $1;

-- name: read_first_from^
-- The first row from the id $1 on, and when it was written.
select id, created_at from outbox where id >= $1 order by id limit 1;

-- name: read_last_id$
-- The last id of the log.
select max(id) from outbox;

-- name: read_span$
-- The last of the next $3 ids after $1, up to $2; null when there is none.
select max(id) from (select id from outbox where id > $1 and id <= $2 order by id limit $3) as span;

-- name: read_published
-- The events with ids after $1, up to $2, in order, that a relay has published: those that the checkpoint has passed and
-- that are not parked. Of topic $3 and key $4 (null: of any), written at or after $5 and before $6 (null: whenever). But
-- for the last of them no more than $7 bytes of payload.
select id, topic, key, payload, event_id::text, source, occurred_at::text, traceparent
from (
  select o.*, sum(octet_length(payload)) over (order by id rows unbounded preceding) - octet_length(payload)
    as bytes_before
  from outbox o, outbox_checkpoint c
  where o.id > $1 and o.id <= $2
    and (pg_visible_in_snapshot(o.xid, c.since)
      or c.until is not null and pg_visible_in_snapshot(o.xid, c.until) and o.id <= c.last_id)
    and ($3::text is null or o.topic = $3) and ($4::text is null or o.key = $4)
    and ($5::timestamptz is null or o.created_at >= $5) and ($6::timestamptz is null or o.created_at < $6)
    and not exists (select from outbox_parked where outbox_id = o.id)
) as page
where bytes_before < $7::bigint
order by id;

-- name: count_unpublished$
-- How many events of topic $3 and key $4 (null: of any), written at or after $5 and before $6 (null: whenever), with ids
-- after $1, up to $2, still wait for their first delivery: the checkpoint has not passed them, or they are parked.
select count(*)
from outbox o, outbox_checkpoint c
where o.id > $1 and o.id <= $2
  and ($3::text is null or o.topic = $3) and ($4::text is null or o.key = $4)
  and ($5::timestamptz is null or o.created_at >= $5) and ($6::timestamptz is null or o.created_at < $6)
  and (not (pg_visible_in_snapshot(o.xid, c.since)
      or c.until is not null and pg_visible_in_snapshot(o.xid, c.until) and o.id <= c.last_id)
    or exists (select from outbox_parked where outbox_id = o.id));

-- name: insert_event!
-- Stores one event, the commonest case, without unnest and sort: its id, topic, key, payload, source, time, traceparent.
-- A transaction that would not wait for the disk is made to: else its events could be published, and a crash of the
-- server take back what they tell of.
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select $1::uuid, $2::text, $3::text, $4::bytea, $5::text, $6::timestamptz, $7::text
where case current_setting('synchronous_commit')
  when 'off' then set_config('synchronous_commit', 'local', true) is not null else true end;

-- name: insert_events!
-- Stores events in the order of the arrays: event ids, topics, keys, payloads, sources, times, traceparents. It makes
-- the transaction wait for the disk, as above.
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select event_id, topic, key, payload, source, occurred_at, traceparent
from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::text[])
  with ordinality as event (event_id, topic, key, payload, source, occurred_at, traceparent, position)
where case current_setting('synchronous_commit')
  when 'off' then set_config('synchronous_commit', 'local', true) is not null else true end
order by position;

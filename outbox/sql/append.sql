-- name: insert_event!
-- Stores one event, the commonest case, without unnest and sort: its id, topic, key, payload, source, time, traceparent.
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
values ($1::uuid, $2::text, $3::text, $4::bytea, $5::text, $6::timestamptz, $7::text);

-- name: insert_events!
-- Stores events in the order of the arrays: event ids, topics, keys, payloads, sources, times, traceparents.
-- Topics, sources, times and traceparents have one element when it is that of every event.
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select event_id, case when cardinality($2::text[]) = 1 then ($2::text[])[1] else topic end, key, payload,
  case when cardinality($5::text[]) = 1 then ($5::text[])[1] else source end,
  case when cardinality($6::timestamptz[]) = 1 then ($6::timestamptz[])[1] else occurred_at end,
  case when cardinality($7::text[]) = 1 then ($7::text[])[1] else traceparent end
from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::text[])
  with ordinality as event (event_id, topic, key, payload, source, occurred_at, traceparent, position)
order by position;

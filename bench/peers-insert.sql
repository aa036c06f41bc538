insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select event_id, 'points.earned', key, convert_to(payload, 'UTF8'), '/laurel', clock_timestamp(),
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as event (event_id, key, payload, position)
order by position

-- name: read_last
-- The last $3 events among the last $4 of the log, in order, of topic $1 and key $2 (null: of any).
select * from (
  select o.id, o.created_at, o.topic, o.key, o.event_id, o.source, o.occurred_at, o.traceparent, o.payload, case
      when exists (select from outbox_parked where outbox_id = o.id) then 'parked'
      when pg_visible_in_snapshot(o.xid, c.since)
        or c.until is not null and pg_visible_in_snapshot(o.xid, c.until) and o.id <= c.last_id then 'published'
      else 'waiting' end as state
  from (select * from outbox order by id desc limit $4) as o left join outbox_checkpoint as c on true
  where ($1::text is null or o.topic = $1) and ($2::text is null or o.key = $2)
  order by o.id desc limit $3) as last
order by id;

-- name: read_snapshot$
-- What is visible now.
select pg_current_snapshot()::text;

-- name: read_since
-- The events of topic $3 and key $4 (null: of any) that became visible since a snapshot, $1 its xmax, $2 the xids that
-- were in progress in it; the first $5, with the snapshot that it is now. Without events, one line with the snapshot.
with fresh as materialized (
  select * from (
    select * from outbox where xid >= $1::xid8
    union all
    select late.* from unnest($2::xid8[]) as in_progress (txid)
    cross join lateral (select * from outbox where xid >= in_progress.txid and xid <= in_progress.txid) as late
  ) as seen
  where ($3::text is null or topic = $3) and ($4::text is null or key = $4)
  order by id limit $5
)
select pg_current_snapshot()::text as snapshot, fresh.id, fresh.created_at, fresh.topic, fresh.key, fresh.event_id,
  fresh.source, fresh.occurred_at, fresh.traceparent, fresh.payload, 'waiting' as state
from (select 1) as one left join fresh on true
order by fresh.id;

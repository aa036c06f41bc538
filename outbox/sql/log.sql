-- name: read_small_cut
-- The whole next cut when it is no more than a page, with the snapshot that closes it (one statement is one snapshot).
-- $1 xmax of the snapshot before, $2 the xids that were in progress in it, $3 one row more than a page, $4 bytes,
-- $5 the highest id to look for, so that partitions beyond it are pruned: the answer has the last id that was given out
-- as well, and is good if that is no higher. Without rows, one line with the snapshot and the last id alone.
-- By xid first: what was published before is never touched.
-- Late xids by a range of one value: with an equality the planner may walk the primary key for its order.
with cut as materialized (
  (select id, topic, key, payload, event_id, source, occurred_at, traceparent
   from outbox where xid >= $1::xid8 and id between 0 and $5::bigint order by xid limit $3)
  union all
  (select late.* from unnest($2::xid8[]) as in_progress (txid)
   cross join lateral (
     select id, topic, key, payload, event_id, source, occurred_at, traceparent
     from outbox
     where xid >= in_progress.txid and xid <= in_progress.txid and id between 0 and $5::bigint
     order by xid, id limit $3) as late)
  limit $3
)
select page.id, page.topic, page.key, page.payload, page.event_id::text, page.source, page.occurred_at::text,
  page.traceparent, (select pg_current_snapshot()::text) as snapshot,
  (select coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0)) as last_id
from (select 1) as one
left join (
  select cut.*, sum(octet_length(payload)) over (order by id rows unbounded preceding) - octet_length(payload)
    as bytes_before
  from cut) as page on page.bytes_before < $4::bigint
order by page.id;

-- name: read_bounds
-- The lowest and highest id of the new transactions of a big cut: $1 <= xid < $2. The offset keeps the planner from
-- looking for the lowest id along the primary key, through everything that was published before.
select min(id) as low_id, max(id) as high_id
from (select id from outbox where xid >= $1::xid8 and xid < $2::xid8 offset 0) as new;

-- name: read_page
-- The next page of a big cut. $1 xmax of the snapshot before, $2 the xids in progress in it, $3 the snapshot that
-- closes the cut, $4 and $5 the new transactions' ids: above $4, up to $5, $6 the last id read, $7 rows, $8 the longest
-- payload in bytes: in place of a longer one there is null. So no row waits for the sizes of those before it.
-- New transactions come along the primary key (a CASE, or the planner takes the index on xid and sorts each page),
-- late ones one by one; merged by id.
(select id, topic, key, case when octet_length(payload) <= $8::int then payload end as payload, event_id::text, source,
   occurred_at::text, traceparent
 from outbox
 where id > $4 and id <= $5
   and case when xid >= $1::xid8 then pg_visible_in_snapshot(xid, (select $3::text::pg_snapshot)) else false end
 order by id limit $7)
union all
(select late.* from unnest($2::xid8[]) as in_progress (txid)
 cross join lateral (
   select id, topic, key, case when octet_length(payload) <= $8::int then payload end, event_id::text, source,
     occurred_at::text, traceparent
   from outbox
   where xid >= in_progress.txid and xid <= in_progress.txid and id > $6
     and pg_visible_in_snapshot(xid, (select $3::text::pg_snapshot))
   order by xid, id limit $7) as late)
order by id limit $7;

-- name: read_page_by_bytes
-- The same page, $8 being longer than any payload; but for the last of its rows no more than $9 bytes of payload.
select id, topic, key, payload, event_id, source, occurred_at, traceparent
from (
  select page.*, sum(octet_length(payload)) over (order by id rows unbounded preceding) - octet_length(payload)
    as bytes_before
  from ({read_page}) as page) as measured
where bytes_before < $9::bigint
order by id;

-- name: read_ids_without_row
-- Those of the ids $1 that are not in the log. Published rows without one are of another history.
select found.id from unnest($1::bigint[]) as found (id)
where not exists (select from outbox where outbox.id = found.id)
order by found.id;

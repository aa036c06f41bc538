-- name: read_status^
-- The state of the log by its last checkpoint. $1: how many waiting rows to count at most.
with checkpoint as (select * from outbox_checkpoint),
waiting as materialized (
  (select o.id, o.created_at from outbox o where not exists (select from checkpoint) limit $1)
  union all
  (select o.id, o.created_at from outbox o, checkpoint c
   where o.xid >= pg_snapshot_xmax(coalesce(c.until, c.since)) limit $1)
  union all
  (select o.id, o.created_at from checkpoint c, pg_snapshot_xip(coalesce(c.until, c.since)) as late (xid), outbox o
   where o.xid = late.xid limit $1)
  union all
  (select o.id, o.created_at from checkpoint c, outbox o
   where c.until is not null and o.id > greatest(c.last_id, c.low_id - 1) and o.id <= c.high_id
     and o.xid >= pg_snapshot_xmax(c.since) and pg_visible_in_snapshot(o.xid, c.until) limit $1)
)
select
  (select count(*) from waiting) as backlog_rows,
  (select extract(epoch from clock_timestamp() - min(created_at)) from waiting)::float8 as oldest_unpublished_age_seconds,
  (select published_rows from checkpoint) as published_rows,
  (select rows_per_second from checkpoint) as rows_per_second,
  (select saved_at from checkpoint) as checkpoint_at,
  (select extract(epoch from clock_timestamp() - saved_at) from checkpoint)::float8 as checkpoint_age_seconds,
  (select coalesce(sum(replayed_rows), 0)::bigint from outbox_replay) as replayed_rows,
  (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits
   where inhparent = 'outbox'::regclass) as log_bytes,
  (select count(distinct (topic, key)) from outbox_parked) as parked_keys,
  (select count(*) from outbox_parked) as parked_rows;

-- name: read_leader^
-- The session that holds the leader's lock, if any.
select a.application_name as application, a.pid, a.backend_start as since
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 1280267096
  and l.objid = 'outbox'::regclass
  and l.database = (select oid from pg_database where datname = current_database());

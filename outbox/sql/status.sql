-- name: read_status^
-- The state of the log by its last checkpoint. $1: how many waiting rows to count at most.
-- What to compare with comes from subqueries, which are evaluated first, and every branch has an order: so that each is
-- a range of an index, in a log of any size. By joins the planner guesses that a third of the log waits, and reads all.
with checkpoint as materialized (select * from outbox_checkpoint),
waiting as materialized (
  (select id, created_at from outbox where not exists (select from checkpoint) order by id limit $1)
  union all
  (select id, created_at from outbox
   where xid >= (select pg_snapshot_xmax(coalesce(until, since)) from checkpoint) order by xid limit $1)
  union all
  (select late.* from pg_snapshot_xip((select coalesce(until, since) from checkpoint)) as in_progress (txid)
   cross join lateral (
     select id, created_at from outbox where xid >= in_progress.txid and xid <= in_progress.txid
     order by xid, id limit $1) as late
   limit $1)
  union all
  (select id, created_at from outbox
   where id > (select greatest(last_id, low_id - 1) from checkpoint where until is not null)
     and id <= (select high_id from checkpoint)
     and case when xid >= (select pg_snapshot_xmax(since) from checkpoint)
       then pg_visible_in_snapshot(xid, (select until from checkpoint)) else false end
   order by id limit $1)
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

-- name: try_lead$
-- Takes the leader's lock of this outbox for this session, if it is free. One outbox is one table.
select pg_try_advisory_lock((1280267096::bigint << 32) | 'outbox'::regclass::oid::bigint);

-- name: resign!
-- Gives the leader's lock back and tells those that stand by.
select pg_advisory_unlock((1280267096::bigint << 32) | 'outbox'::regclass::oid::bigint), pg_notify('outbox_vacant', '');

-- name: end_frozen_leader$
-- Ends the leader's session if it has waited for longer than $1 milliseconds for its client to take an answer:
-- PostgreSQL ends a session that is idle by itself, but not one that cannot get rid of what it has to say.
select count(pg_terminate_backend(a.pid))
from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 1280267096
  and l.objid = 'outbox'::regclass
  and l.database = (select oid from pg_database where datname = current_database())
  and a.wait_event_type = 'Client' and a.state = 'active'
  and clock_timestamp() - a.query_start > $1::int * interval '1 millisecond';

-- name: insert_checkpoint!
-- The first checkpoint of this outbox: before everything.
insert into outbox_checkpoint (since, system_identifier)
select '3:3:', system_identifier from pg_control_system()
on conflict do nothing;

-- name: begin_publishing$
-- From now on not all that was sent need be acknowledged; whether it was before. That is on the disk before anything is
-- sent: what a crash of the server took back must not make the next relay believe it.
with durable as materialized (select set_config('synchronous_commit', 'on', true))
update outbox_checkpoint set complete = false from durable where complete returning true;

-- name: read_checkpoint^
-- The checkpoint, and whether it is of this database's history: its transactions lie in this server's past.
select since::text, until::text, last_id, low_id, high_id, ends::text, published_rows,
  c.system_identifier = s.system_identifier
    and pg_snapshot_xmax(coalesce(until, since)) <= pg_snapshot_xmax(pg_current_snapshot()) as is_ours
from outbox_checkpoint c, pg_control_system() s;

-- name: save_checkpoint!
-- $1 since, $2 until, $3 last id, $4 low id, $5 high id, $6 ends, $7 rows published in all, $8 rows a second, $9 whether
-- all that was sent is acknowledged and no more will be sent.
update outbox_checkpoint
set since = $1::text::pg_snapshot, until = $2::text::pg_snapshot, last_id = $3, low_id = $4, high_id = $5,
  ends = $6::text::jsonb, published_rows = $7, rows_per_second = $8, complete = $9, saved_at = clock_timestamp();

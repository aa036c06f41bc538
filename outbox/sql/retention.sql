-- name: time_ago$
-- The time $1 ago, by the server's clock.
select clock_timestamp() - $1::interval;

-- name: list_forgettable
-- The partitions with rows whose newest was written before $1 and is published, as far as the checkpoint of now says.
select p.partition_name::text as name, p.first_id, p.last_id, p.bytes, p.newest_at
from outbox_partitions() as p, outbox_checkpoint as c, lateral (select xid from outbox where id = p.last_id) as newest
where p.newest_at < $1 and pg_visible_in_snapshot(newest.xid, c.since);

-- name: empty_partition$
-- Empties the partition $1 if all its rows are published and were written before $2; whether it did.
select outbox_empty_partition($1::text::regclass, $2);

-- name: drop_empty_partitions$
-- Drops the partitions that are empty and whose ids were all given out; how many.
select outbox_drop_empty_partitions();

-- name: add_partitions$
-- Makes the partitions that are missing: $1 ids each, $2 of them ahead of the last id; how many it made.
select outbox_add_partitions($1, $2);

-- name: list_partitions
-- The partitions in the order of their ids, the default one last.
select partition_name::text as name, from_id, to_id, bytes, first_id, last_id, oldest_at, newest_at
from outbox_partitions();

-- name: begin_next_partition$
-- Goes on in the next partition if the present one's oldest row was written before $1: its first id, else null.
select outbox_begin_next_partition($1);

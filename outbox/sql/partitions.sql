-- name: add_partitions$
-- Makes the partitions that are missing: $1 ids each, $2 of them ahead of the last id; how many it made.
select outbox_add_partitions($1, $2);

-- name: read_topics
-- The numbers of partitions that the topics $1 were published to with.
select topic, partitions from outbox_topic where topic = any ($1::text[]);

-- name: record_topics!
-- The topics $1 have $2 partitions each, unless something else was recorded.
insert into outbox_topic (topic, partitions) select * from unnest($1::text[], $2::int[]) on conflict do nothing;

-- name: accept_topics!
-- The topics $1 have $2 partitions each from now on, whatever they had.
insert into outbox_topic (topic, partitions) select * from unnest($1::text[], $2::int[])
on conflict (topic) do update set partitions = excluded.partitions, since = clock_timestamp()
where outbox_topic.partitions <> excluded.partitions;

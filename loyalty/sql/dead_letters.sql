-- name: insert_dead_letter!
-- An event that could not be handled, as it came.
insert into dead_letter (id, consumer, event_id, topic, partition, record_offset, key, headers, payload, error_kind, error,
  created_at)
values (:id, :consumer, :event_id, :topic, :partition, :record_offset, :key, :headers, :payload, :error_kind, :error,
  :created_at)
on conflict (consumer, topic, partition, record_offset) do nothing;

-- name: count_open_dead_letters$
-- Dead letters that nobody has resolved, with an id (which tells the time) from here on.
select count(*) from dead_letter where id >= :since_id and resolved_at is null;

-- name: lock_dead_letter^
-- A dead letter that is about to be resolved.
select id, consumer, event_id, topic, key, headers, payload, resolved_at from dead_letter where id = :id
for no key update;

-- name: resolve_dead_letter!
-- What was done about a dead letter.
update dead_letter set resolved_at = :resolved_at, resolution = :resolution where id = :id;

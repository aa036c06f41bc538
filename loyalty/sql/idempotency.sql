-- name: find_idempotent_answer^
-- The first answer under a key.
select request_hash, status, headers, body from idempotency_key
where caller = :caller and route = :route and key = :key;

-- name: insert_idempotent_answer$
-- Stores the first answer; no row when the key is taken.
insert into idempotency_key (caller, route, key, request_hash, status, headers, body, created_at)
values (:caller, :route, :key, :request_hash, :status, :headers, :body, :created_at)
on conflict do nothing
returning true;

-- name: delete_idempotent_answers$
-- Forgets the oldest keys stored before a time, at most row_limit of them; the number forgotten.
with old as (
  select caller, route, key from idempotency_key where created_at < :before
  order by created_at limit :row_limit for update skip locked
), gone as (
  delete from idempotency_key k using old
  where k.caller = old.caller and k.route = old.route and k.key = old.key
  returning 1
)
select count(*) from gone;

-- name: read_parked_keys
-- The keys that wait, to be kept in the leader's memory.
select distinct topic, key from outbox_parked;

-- name: park!
-- Copies rows of the log, $1 ids, with $2 the error of each or null for those that only wait behind it.
insert into outbox_parked
  (outbox_id, event_id, topic, key, payload, source, occurred_at, traceparent, created_at, error, attempts)
select id, event_id, topic, key, payload, source, occurred_at, traceparent, created_at, refused.error,
  case when refused.error is null then 0 else 1 end
from unnest($1::bigint[], $2::text[]) as refused (outbox_id, error)
join outbox on id = outbox_id
order by id
on conflict do nothing;

-- name: count_parked_lately$
-- How many keys were parked within the hour, and still are.
select count(distinct (topic, key)) from outbox_parked
where error is not null and parked_at > clock_timestamp() - interval '1 hour';

-- name: read_request^
-- The key whose first row an operator asked to be tried again or skipped: the oldest such request.
select topic, key, outbox_id, requested from outbox_parked where requested is not null order by requested_at limit 1;

-- name: read_parked
-- The next rows of key $2 in topic $1, at most $3, as the log has them.
select outbox_id, topic, key, payload, event_id::text, source, occurred_at::text, traceparent
from outbox_parked where topic = $1 and key = $2 order by outbox_id limit $3;

-- name: delete_parked!
-- Rows that were published after all, or skipped: $1 ids.
delete from outbox_parked where outbox_id = any ($1::bigint[]);

-- name: refuse_again!
-- The row $1 was refused again, with error $2: it waits for the operator again.
update outbox_parked set error = $2, attempts = attempts + 1, requested = null, requested_at = null
where outbox_id = $1;

-- name: request$
-- Asks the leader to try ('requeue') or drop ('skip') the first row of key $2 in topic $1: $3. Its id, if there is one.
update outbox_parked set requested = $3, requested_at = clock_timestamp()
where outbox_id = (select outbox_id from outbox_parked where topic = $1 and key = $2 order by outbox_id limit 1)
returning outbox_id;

-- name: list_parked
-- The keys that wait, oldest first, at most $1: the first row's id, error, attempts and request, and how many wait.
select topic, key, min(outbox_id) as outbox_id, count(*) as waiting_rows, min(parked_at) as parked_at,
  (array_agg(error order by outbox_id))[1] as error, (array_agg(attempts order by outbox_id))[1] as attempts,
  (array_agg(requested order by outbox_id))[1] as requested
from outbox_parked group by topic, key order by min(parked_at) limit $1;

-- name: find_parked^
-- The key $2 of topic $1 as `list_parked` shows it, if it waits.
select topic, key, min(outbox_id) as outbox_id, count(*) as waiting_rows, min(parked_at) as parked_at,
  (array_agg(error order by outbox_id))[1] as error, (array_agg(attempts order by outbox_id))[1] as attempts,
  (array_agg(requested order by outbox_id))[1] as requested
from outbox_parked where topic = $1 and key = $2 group by topic, key;

-- name: insert_webhook!
-- An endpoint that is told of events from now on.
insert into webhook_endpoint (id, url, description, event_types, secret, created_at)
values (:webhook_id, :url, :description, :event_types, :secret, :at);

-- name: webhook_by_id^
-- An endpoint, without its secrets.
select id as webhook_id, url, description, event_types, active, disabled_reason, failing_since, created_at
from webhook_endpoint where id = :webhook_id;

-- name: lock_webhook^
-- An endpoint that is about to change.
select id as webhook_id, url, description, event_types, active, disabled_reason, failing_since, created_at
from webhook_endpoint where id = :webhook_id for no key update;

-- name: list_webhooks
-- A page of endpoints, newest first.
select id as webhook_id, url, description, event_types, active, disabled_reason, failing_since, created_at
from webhook_endpoint where :before_id::uuid is null or id < :before_id order by id desc limit :limit;

-- name: count_webhooks$
-- How many endpoints there are.
select count(*) from webhook_endpoint;

-- name: update_webhook!
-- All that can change of an endpoint but its secrets.
update webhook_endpoint set url = :url, description = :description, event_types = :event_types, active = :active,
  disabled_reason = :disabled_reason, failing_since = :failing_since
where id = :webhook_id;

-- name: replace_webhook_secret!
-- A new secret; the old one signs as well until a time.
update webhook_endpoint set previous_secret = secret, previous_until = :previous_until, secret = :secret
where id = :webhook_id;

-- name: delete_webhook!
-- An endpoint is told nothing more, and what it was told is forgotten.
delete from webhook_endpoint where id = :webhook_id;

-- name: insert_webhook_ping!
-- A delivery that no event caused.
insert into webhook_delivery (id, endpoint_id, event_type, payload, occurred_at, next_attempt_at, created_at)
values (:delivery_id, :webhook_id, 'webhook.ping', :payload, :at, :at, :at);

-- name: list_webhook_deliveries
-- A page of what an endpoint was told, newest first.
select id as delivery_id, endpoint_id as webhook_id, event_type, occurred_at, status, attempts, next_attempt_at,
  created_at, delivered_at
from webhook_delivery
where endpoint_id = :webhook_id and (:status::text is null or status = :status)
  and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: webhook_delivery_by_id^
-- A delivery with its body and every attempt.
select d.id as delivery_id, d.endpoint_id as webhook_id, d.event_type, d.occurred_at, d.status, d.attempts,
  d.next_attempt_at, d.created_at, d.delivered_at, convert_from(d.payload, 'utf8')::jsonb as payload, a.log
from webhook_delivery d cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('n', n, 'at', at, 'duration_ms', duration_ms, 'status', status,
    'error', error, 'answer', answer) order by n), '[]') as log
  from webhook_attempt where delivery_id = d.id
) a
where d.id = :delivery_id;

-- name: redeliver_webhook!
-- A delivery that is attempted again at once.
update webhook_delivery set status = 'pending', next_attempt_at = :at, delivered_at = null where id = :delivery_id;

-- name: try_to_lead_webhooks$
-- True when this session is the only one that delivers webhooks, until it ends.
select pg_try_advisory_lock(x'6c617572656c7768'::bigint);

-- name: webhooks_wanted$
-- Whether anyone is to be told of events.
select exists (select from webhook_endpoint where active);

-- name: skip_webhook_cursor!
-- Nobody listens: what happens meanwhile is handed out to nobody.
update webhook_cursor set since = pg_current_snapshot(), until = null, next_id = null, high_id = null;

-- name: begin_webhook_cut^
-- Opens the next cut if none is open; the cut, or no ids when nothing was written.
-- A database restored from a dump has a history of its own: then what is in the log now has been handed out.
with cursor as materialized (
  select case when pg_snapshot_xmax(since) > pg_snapshot_xmax(pg_current_snapshot()) then pg_current_snapshot()
    else since end as since, until, next_id, high_id
  from webhook_cursor for update
), fresh as materialized (
  select pg_current_snapshot() as until, (select min(id) from (
      select id from outbox where xid >= pg_snapshot_xmin(c.since) and xid < pg_snapshot_xmax(pg_current_snapshot()) offset 0
    ) o) as low, (select max(id) from (
      select id from outbox where xid >= pg_snapshot_xmin(c.since) and xid < pg_snapshot_xmax(pg_current_snapshot()) offset 0
    ) o) as high
  from cursor c where c.until is null
)
update webhook_cursor w set since = case when f.low is null and f.until is not null then f.until else c.since end,
  until = case when c.until is not null then c.until when f.low is null then null else f.until end,
  next_id = coalesce(c.next_id, f.low), high_id = coalesce(c.high_id, f.high)
from cursor c left join fresh f on true
returning w.since::text, w.until::text, w.next_id, w.high_id;

-- name: hand_out_webhook_window$
-- Makes a delivery of every event of a window of the cut for every endpoint that wants it; how many.
with made as (
  insert into webhook_delivery (id, endpoint_id, outbox_id, event_type, payload, occurred_at, next_attempt_at, created_at)
  select uuidv7(), e.id, o.id, o.topic, o.payload, o.occurred_at, :at, :at
  from outbox o
  join webhook_endpoint e on e.active and (e.event_types = '{*}' or o.topic = any(e.event_types))
    and o.created_at >= e.created_at
  where o.id >= :low_id and o.id < :high_id
    and pg_visible_in_snapshot(o.xid, :until::text::pg_snapshot)
    and not pg_visible_in_snapshot(o.xid, :since::text::pg_snapshot)
  order by o.id
  on conflict (endpoint_id, outbox_id) do nothing
  returning 1
)
select count(*) from made;

-- name: advance_webhook_cursor!
-- The window was handed out: the next one, or the end of the cut.
update webhook_cursor set
  since = case when :next_id::bigint > high_id then until else since end,
  until = case when :next_id::bigint > high_id then null else until end,
  next_id = case when :next_id::bigint > high_id then null else :next_id::bigint end,
  high_id = case when :next_id::bigint > high_id then null else high_id end;

-- name: list_due_webhooks
-- Deliveries that are due, the longest waiting first, of each endpoint at most so many that are not in hand.
select d.id as delivery_id, e.id as webhook_id, e.url, e.secret,
  case when e.previous_until > :at then e.previous_secret end as previous_secret,
  d.event_type, d.payload, d.occurred_at, d.attempts, d.next_attempt_at as due_at
from webhook_endpoint e cross join lateral (
  select * from webhook_delivery
  where endpoint_id = e.id and status = 'pending' and next_attempt_at <= :at and id <> all(:in_hand::uuid[])
  order by next_attempt_at, id limit :per_endpoint
) d
where e.active
order by d.next_attempt_at, d.id limit :row_limit;

-- name: record_webhook_attempt!
-- An attempt, in the log of its delivery.
insert into webhook_attempt (delivery_id, n, at, duration_ms, status, error, answer)
select id, :n, :at, :duration_ms, :status, :error, :answer from webhook_delivery where id = :delivery_id
on conflict do nothing;

-- name: settle_webhook_delivery!
-- What an attempt made of its delivery.
update webhook_delivery set status = :outcome, attempts = :attempts, next_attempt_at = :next_attempt_at,
  delivered_at = :delivered_at
where id = :delivery_id;

-- name: note_webhook_success!
-- An endpoint that works.
update webhook_endpoint set failing_since = null where id = :webhook_id and failing_since is not null;

-- name: note_webhook_failure^
-- An endpoint that does not work: since when, and whether it is still told.
update webhook_endpoint set failing_since = coalesce(failing_since, :at) where id = :webhook_id
returning failing_since, active;

-- name: disable_webhook!
-- An endpoint that is told nothing more until an administrator says so.
update webhook_endpoint set active = false, disabled_reason = :reason where id = :webhook_id and active;

-- name: forget_webhook_deliveries$
-- Forgets deliveries made before a time that wait for nothing, at most row_limit of them; how many.
with old as (
  select id from webhook_delivery where created_at < :before and status <> 'pending' limit :row_limit
), gone as (
  delete from webhook_delivery d using old where d.id = old.id returning 1
)
select count(*) from gone;

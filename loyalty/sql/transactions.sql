-- name: record_transaction^
-- Locks the member's wallet, and records a purchase if it agrees with the facts, which are returned.
-- Recorded means: the member active, the currency the program's, the merchant active, the merchant's external id new.
-- The member is locked too: one who was erased while we waited for the wallet would still be seen as they were before.
-- No row when there is no such member.
with facts as (
  select m.status as member_status, p.currency as program_currency,
    (select active from merchant where id = :merchant_id::uuid) as merchant_active
  from wallet w join member m on m.id = w.member_id cross join program p
  where w.member_id = :member_id::uuid
  for no key update of w for share of m
), recorded as (
  insert into transaction (id, member_id, merchant_id, external_id, occurred_at, recorded_at, amount_minor, currency,
    items, content_hash)
  select :transaction_id::uuid, :member_id::uuid, :merchant_id::uuid, :external_id::text, :occurred_at::timestamptz,
    :recorded_at::timestamptz, :amount_minor::bigint, :currency::text, :items::jsonb, :content_hash::bytea
  from facts where member_status = 'active' and program_currency = :currency::text and merchant_active
  on conflict on constraint transaction_external_id_key do nothing
  returning true
)
select facts.*, exists (select from recorded) as recorded from facts;

-- name: record_transaction_at_once$
-- As record_transaction, with the purchase's event and the answer to its request, all in one statement; true if recorded.
-- Fails, and so changes nothing, when the answer's key is taken.
with facts as (
  select from wallet w join member m on m.id = w.member_id cross join program p
  where w.member_id = :member_id::uuid and m.status = 'active' and p.currency = :currency::text
    and exists (select from merchant where id = :merchant_id::uuid and active)
  for no key update of w for share of m
), recorded as (
  insert into transaction (id, member_id, merchant_id, external_id, occurred_at, recorded_at, amount_minor, currency,
    items, content_hash)
  select :transaction_id::uuid, :member_id::uuid, :merchant_id::uuid, :external_id::text, :occurred_at::timestamptz,
    :recorded_at::timestamptz, :amount_minor::bigint, :currency::text, :items::jsonb, :content_hash::bytea
  from facts
  on conflict on constraint transaction_external_id_key do nothing
  returning true
), told as (
  insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
  select :event_id::uuid, :event_topic::text, :event_key::text, :event_payload::bytea, :event_source::text,
    :event_occurred_at::timestamptz, :event_traceparent::text
  from recorded
), answered as (
  insert into idempotency_key (caller, route, key, request_hash, status, headers, body, created_at)
  select :caller::text, :route::text, :key::text, :request_hash::bytea, :status::smallint, :headers::jsonb,
    :body::bytea, :recorded_at::timestamptz
  from recorded
)
select true from recorded;

-- name: record_transactions_at_once
-- As record_transaction_at_once, for several purchases together; the ids of those recorded.
-- A wallet that is locked is passed over, so that nobody waits for another member's; a key that is known likewise.
-- Rows go in by external id, so that two such statements cannot wait for each other; events in the order given.
with asked as (
  select * from unnest(:transaction_ids::uuid[], :member_ids::uuid[], :merchant_ids::uuid[], :external_ids::text[],
    :occurred_at::timestamptz[], :recorded_at::timestamptz[], :amounts_minor::bigint[], :currencies::text[],
    :items::text[], :content_hashes::bytea[], :event_ids::uuid[], :event_topics::text[], :event_keys::text[],
    :event_payloads::bytea[], :event_sources::text[], :event_occurred_at::timestamptz[], :event_traceparents::text[],
    :callers::text[], :routes::text[], :keys::text[], :request_hashes::bytea[], :statuses::smallint[],
    :headers::text[], :bodies::bytea[])
  with ordinality as asked (id, member_id, merchant_id, external_id, occurred_at, recorded_at, amount_minor, currency,
    items, content_hash, event_id, event_topic, event_key, event_payload, event_source, event_occurred_at,
    event_traceparent, caller, route, key, request_hash, status, headers, body, place)
), facts as (
  select asked.id from asked join wallet w on w.member_id = asked.member_id join member m on m.id = w.member_id
    cross join program p
  where m.status = 'active' and p.currency = asked.currency
    and exists (select from merchant where id = asked.merchant_id and active)
    and not exists (
      select from idempotency_key k where k.caller = asked.caller and k.route = asked.route and k.key = asked.key
    )
  for no key update of w skip locked for share of m skip locked
), recorded as (
  insert into transaction (id, member_id, merchant_id, external_id, occurred_at, recorded_at, amount_minor, currency,
    items, content_hash)
  select id, member_id, merchant_id, external_id, occurred_at, recorded_at, amount_minor, currency, items::jsonb,
    content_hash
  from asked join facts using (id)
  order by merchant_id, external_id
  on conflict on constraint transaction_external_id_key do nothing
  returning id
), told as (
  insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
  select event_id, event_topic, event_key, event_payload, event_source, event_occurred_at, event_traceparent
  from asked join recorded using (id)
  order by place
), answered as (
  insert into idempotency_key (caller, route, key, request_hash, status, headers, body, created_at)
  select caller, route, key, request_hash, status, headers::jsonb, body, recorded_at from asked join recorded using (id)
)
select id from recorded;

-- name: find_transaction_by_external_id^
-- The purchase that was recorded under a merchant's external id, with its award.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, t.content_hash, a.points as points_awarded,
  (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
from transaction t left join award a on a.transaction_id = t.id
where t.merchant_id = :merchant_id and t.external_id = :external_id;

-- name: find_transaction^
-- A member's purchase with its award.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, t.content_hash, a.points as points_awarded,
  (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
from transaction t left join award a on a.transaction_id = t.id
where t.id = :transaction_id and t.member_id = :member_id;

-- name: list_transactions
-- A page of purchases for each member asked for, the last recorded first; without any, one row that has no id.
select asked.place, m.status as member_status, t.*
from unnest(:member_ids::uuid[], :before_ids::uuid[], :row_limits::int[])
  with ordinality as asked (member_id, before_id, row_limit, place)
join member m on m.id = asked.member_id
left join lateral (
  select t.id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor, t.currency, t.items,
    a.points as points_awarded,
    (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
  from transaction t left join award a on a.transaction_id = t.id
  where t.member_id = asked.member_id and (asked.before_id is null or t.id < asked.before_id)
  order by t.id desc limit asked.row_limit
) t on true
order by asked.place, t.id desc;

-- name: find_receipt^
-- Why a member's purchase earned what it earned; the award's columns are null until it is awarded.
select t.id as transaction_id, a.points as points_awarded, a.awarded_at, a.receipt as steps
from transaction t left join award a on a.transaction_id = t.id
where t.id = :transaction_id and t.member_id = :member_id;

-- webhooks: who is told of which events, what was told, how far the log was read
-- depends: 20261122_10b_receipts

-- migrate: apply

-- secret and previous_secret are encrypted (JWE) under a key derived from LAUREL_SIGNING_KEY. event_types '{*}': all.
create table webhook_endpoint (
  id uuid primary key,
  url text not null,
  description text not null default '',
  event_types text[] not null check (cardinality(event_types) > 0),
  secret text not null,
  previous_secret text,
  previous_until timestamptz,
  active bool not null default true,
  disabled_reason text,
  failing_since timestamptz,
  created_at timestamptz not null,
  check ((previous_secret is null) = (previous_until is null))
);

-- An event for an endpoint; outbox_id null: a ping. next_attempt_at is null unless it waits for an attempt.
create table webhook_delivery (
  id uuid primary key,
  endpoint_id uuid not null references webhook_endpoint on delete cascade,
  outbox_id bigint,
  event_type text not null,
  payload bytea not null,
  occurred_at timestamptz not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts int not null default 0,
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  delivered_at timestamptz,
  unique (endpoint_id, outbox_id),
  check ((status = 'pending') = (next_attempt_at is not null))
) with (fillfactor = 80);
create index webhook_delivery_due on webhook_delivery (next_attempt_at) where status = 'pending';
create index webhook_delivery_endpoint on webhook_delivery (endpoint_id, id desc);
create index webhook_delivery_created_at on webhook_delivery using brin (created_at);

create table webhook_attempt (
  delivery_id uuid not null references webhook_delivery on delete cascade,
  n int not null,
  at timestamptz not null,
  duration_ms int not null,
  status int,
  error text,
  answer text,
  primary key (delivery_id, n)
);

-- One row: what is visible in `since` has been handed out. Between since and until lies a cut that is being read, by
-- windows of ids from next_id to high_id.
create table webhook_cursor (
  one bool primary key default true check (one),
  since pg_snapshot not null,
  until pg_snapshot,
  next_id bigint,
  high_id bigint,
  check (num_nulls(until, next_id, high_id) in (0, 3))
);
insert into webhook_cursor (since) values (pg_current_snapshot());

-- migrate: rollback

drop table webhook_cursor, webhook_attempt, webhook_delivery, webhook_endpoint;

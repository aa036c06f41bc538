-- the outbox: a log that is appended to and read, never updated; the relay's checkpoint; parked keys
-- depends: 20261122_01_core

-- migrate: apply

-- xid is the top-level transaction's, also for a row written inside a savepoint: the relay reads what became visible
-- between two snapshots by it. id order is commit order for one key, since a writer locks what the key names first.
create table outbox (
  id bigint generated always as identity (cache 1),
  xid xid8 not null default pg_current_xact_id(),
  event_id uuid not null,
  topic text not null,
  key text not null,
  payload bytea not null,
  source text not null,
  occurred_at timestamptz not null,
  traceparent text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (id)
) partition by range (id);
create index outbox_xid on outbox (xid, id);

-- 16 partitions of 10,000,000 ids. The relay keeps eight empty ones ahead; were it away for good, these would last for
-- 160,000,000 events: 6 hours at the 7,500 durable transactions a second that one server takes, a year at 5 a second.
-- After them the default partition takes the rows, so that writers never fail; only dropping old events gets coarser.
do $$
begin
  for number in 0..15 loop
    execute format('create table outbox_p%s partition of outbox for values from (%s) to (%s)',
                   lpad(number::text, 5, '0'), number * 10000000::bigint, (number + 1) * 10000000::bigint);
  end loop;
end $$;
create table outbox_default partition of outbox default;

-- One row: up to where the log is published. Between since and until lies a cut that is being read page by page;
-- ends are the end offsets of every partition at that position: what lies beyond them is looked at after a crash.
create table outbox_checkpoint (
  one bool primary key default true check (one),
  since pg_snapshot not null,
  until pg_snapshot,
  last_id bigint,
  low_id bigint,
  high_id bigint,
  ends jsonb not null default '{}',
  system_identifier bigint not null,
  published_rows bigint not null default 0,
  rows_per_second double precision not null default 0,
  saved_at timestamptz not null default clock_timestamp(),
  check ((until is null) = (last_id is null) and (until is null) = (low_id is null) and (until is null) = (high_id is null))
) with (fillfactor = 50);

-- What Kafka refused for good, and all later events of its key, in order: waiting for an operator.
create table outbox_parked (
  outbox_id bigint primary key,
  event_id uuid not null,
  topic text not null,
  key text not null,
  payload bytea not null,
  source text not null,
  occurred_at timestamptz not null,
  traceparent text,
  created_at timestamptz not null,
  parked_at timestamptz not null default clock_timestamp(),
  error text,
  attempts int not null default 0,
  requested text check (requested in ('requeue', 'skip')),
  requested_at timestamptz
);
create index outbox_parked_key on outbox_parked (topic, key, outbox_id);
create index outbox_parked_requested on outbox_parked (outbox_id) where requested is not null;

-- migrate: rollback

drop table outbox_parked, outbox_checkpoint, outbox;

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

-- Makes partitions of `rows_each` ids until `ahead` of them lie beyond the last id given out; says how many it made.
-- A partition is filled with nothing first and attached then: that does not lock out writers of the other partitions.
create function outbox_add_partitions(rows_each bigint, ahead int) returns int language plpgsql as $$
declare
  last_id bigint := coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0);
  beyond bigint := greatest(
    (select coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(\d+)''\)'))[1]::bigint), 0)
     from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'outbox'::regclass),
    (select coalesce(max(id) / rows_each + 1, 0) * rows_each from outbox_default));
  made int := 0;
  name text;
begin
  while beyond <= last_id + rows_each * ahead loop
    name := format('outbox_from_%s', beyond);
    execute format('create table %I (like outbox including defaults including constraints including storage)', name);
    execute format('alter table outbox attach partition %I for values from (%s) to (%s)',
                   name, beyond, beyond + rows_each);
    beyond := beyond + rows_each;
    made := made + 1;
  end loop;
  return made;
end $$;

-- 16 partitions of 10,000,000 ids. The relay keeps eight empty ones ahead; were it away for good, these would last for
-- 160,000,000 events: 6 hours at the 7,500 durable transactions a second that one server takes, a year at 5 a second.
-- After them the default partition takes the rows, so that writers never fail; only dropping old events gets coarser.
create table outbox_default partition of outbox default;
select outbox_add_partitions(10000000, 15);

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


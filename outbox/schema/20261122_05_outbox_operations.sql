-- The partitions in the order of their ids, the default one (no ids of its own) last. Rows are found by index alone.
create function outbox_partitions() returns table (
  partition_name regclass, from_id bigint, to_id bigint, bytes bigint,
  first_id bigint, last_id bigint, oldest_at timestamptz, newest_at timestamptz
) language plpgsql stable as $$
begin
  for partition_name, from_id, to_id in
    select c.oid::regclass, bounds.ids[1]::bigint, bounds.ids[2]::bigint
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(
      pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\) TO \(''(\d+)''\)') as ids) as bounds
    where i.inhparent = 'outbox'::regclass
    order by 2 nulls last
  loop
    bytes := pg_total_relation_size(partition_name);
    execute format('select min(id), max(id) from %s', partition_name) into first_id, last_id;
    execute format('select created_at from %s where id = $1', partition_name) into oldest_at using first_id;
    execute format('select created_at from %s where id = $1', partition_name) into newest_at using last_id;
    return next;
  end loop;
end $$;

-- Empties a partition if every row of it was published and written before a time; whether it did. The lock waits for
-- every transaction that wrote to this partition, and for no other: behind it there is no row that cannot be seen yet.
-- Volatile, so that what follows the lock sees all that was committed before it.
create function outbox_empty_partition(emptied regclass, written_before timestamptz) returns bool
language plpgsql volatile as $$
declare
  passed pg_snapshot := (select since from outbox_checkpoint);
  forgettable bool;
begin
  execute format('lock table only %s in access exclusive mode', emptied);
  execute format(
    'select max(xid) < pg_snapshot_xmax($1)
       and not exists (select from %1$s where xid in (select pg_snapshot_xip($1)))
       and (select created_at from %1$s order by id desc limit 1) < $2
     from %1$s', emptied) into forgettable using passed, written_before;
  if forgettable is not true then
    return false;
  end if;
  execute format('truncate only %s', emptied);
  return true;
end $$;

-- Drops the partitions that are empty and whose ids were all given out; how many. The lock waits for every writer and
-- lets none begin: it is to be asked for with a short lock_timeout. Space is not the point, outbox_empty_partition gave
-- that back; without it empty partitions would become ever more.
create function outbox_drop_empty_partitions() returns int language plpgsql volatile as $$
declare
  given_out bigint := pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id'));
  doomed regclass;
  has_rows bool;
  dropped int := 0;
begin
  if not exists (select from outbox_partitions() p where p.to_id <= given_out and p.first_id is null) then
    return 0;
  end if;
  lock table outbox in access exclusive mode;
  for doomed in select p.partition_name from outbox_partitions() p where p.to_id <= given_out and p.first_id is null loop
    execute format('select exists (select from %s)', doomed) into has_rows;
    if not has_rows then
      execute format('drop table %s', doomed);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end $$;

-- Goes on with the first id of the next partition if the oldest row of the present one was written before a time: that
-- id, else null. Without it an outbox with few events would stay in its first partition, which could never be dropped.
-- The lock on the sequence (altering it to what it is takes it) keeps ids from being given out meanwhile: set between
-- a read and a write of others, the sequence could go back, and an id be given out twice.
create function outbox_begin_next_partition(written_before timestamptz) returns bigint language plpgsql volatile as $$
declare
  ids regclass := pg_get_serial_sequence('outbox', 'id');
  next_id bigint;
begin
  if not exists (
    select from outbox_partitions() p
    where pg_sequence_last_value(ids) >= p.from_id and pg_sequence_last_value(ids) < p.to_id
      and p.oldest_at < written_before)
  then
    return null;
  end if;
  execute format('alter sequence %s cache 1', ids);
  select p.from_id into next_id
  from outbox_partitions() p where p.from_id > pg_sequence_last_value(ids) order by p.from_id limit 1;
  if next_id is not null then
    perform setval(ids, next_id - 1);
  end if;
  return next_id;
end $$;

-- The number of partitions that each topic had when it was first published to, or that an operator accepted since:
-- with another number the events of a key would go to another partition than the ones before.
create table outbox_topic (
  topic text primary key,
  partitions int not null check (partitions > 0),
  since timestamptz not null default clock_timestamp()
);

-- Events that were published again: who asked for which, how far it came.
create table outbox_replay (
  replay_id uuid primary key,
  asked_by text not null,
  wanted jsonb not null,
  last_id bigint,
  replayed_rows bigint not null default 0,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);


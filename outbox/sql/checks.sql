-- name: read_server^
-- What the server is: its version, its clock, whether it only follows another server.
select current_setting('server_version_num')::int as version, clock_timestamp() as now,
  pg_is_in_recovery() as follows, has_function_privilege('pg_control_system()', 'execute') as tells_history;

-- name: read_missing_tables
-- The outbox's tables that are not there.
select name from unnest(array['outbox', 'outbox_checkpoint', 'outbox_parked', 'outbox_topic', 'outbox_replay']) as name
where to_regclass(name) is null;

-- name: read_missing_rights
-- The rights on the outbox's tables that the relay needs and does not have.
select needed.name, needed.privilege
from (values
  ('outbox', 'SELECT'),
  ('outbox_checkpoint', 'SELECT'), ('outbox_checkpoint', 'INSERT'), ('outbox_checkpoint', 'UPDATE'),
  ('outbox_parked', 'SELECT'), ('outbox_parked', 'INSERT'), ('outbox_parked', 'UPDATE'), ('outbox_parked', 'DELETE'),
  ('outbox_topic', 'SELECT'), ('outbox_topic', 'INSERT')) as needed (name, privilege)
where not has_table_privilege(needed.name::regclass, needed.privilege)
union all
select 'outbox', 'OWNER' from pg_class where oid = 'outbox'::regclass and not pg_has_role(relowner, 'USAGE');

-- name: read_room^
-- How many partitions lie ahead of the last id, and whether the default partition has rows.
select count(*) filter (where p.from_id > coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0))
    as ahead, coalesce(bool_or(p.to_id is null and p.first_id is not null), false) as default_used
from outbox_partitions() as p;

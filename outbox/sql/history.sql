-- name: read_history$
-- Whether the checkpoint, if there is one, is of this database's history.
select coalesce((
  select c.system_identifier = s.system_identifier
    and pg_snapshot_xmax(coalesce(c.until, c.since)) <= pg_snapshot_xmax(pg_current_snapshot())
  from outbox_checkpoint c, pg_control_system() s), true);

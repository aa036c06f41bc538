-- name: try_to_lead_housekeeping$
-- True when this session is the only one that keeps house, until it ends.
select pg_try_advisory_lock(x'6c617572656c686b'::bigint);

-- name: lock_sealing!
-- One seals at a time, until the transaction ends.
select pg_advisory_xact_lock(x'6c617572656c736c'::bigint);

-- name: last_seal^
-- The end of the chain.
select entry_id, hash from journal_seal order by entry_id desc limit 1;

-- name: last_entry_seen^
-- The last entry that is there, and the transaction id before which everyone began whose entry has a lower id.
select (select max(id) from journal_entry) as entry_id,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as begun_before;

-- name: all_ended_before$
-- True when every transaction with an id lower than this one has ended.
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= :begun_before::bigint;

-- name: list_entry_lines
-- The next entries, each as the line of text that is sealed: docs/proof.md states it byte by byte.
select e.id as entry_id, jsonb_build_object(
  'entry', e.id, 'event', e.event_id, 'kind', e.kind, 'member', e.member_id, 'seq', e.seq, 'source', e.source_id,
  'booked_at', to_char(e.booked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'available_after', e.available_after, 'reason', e.reason,
  'postings', (select coalesce(jsonb_agg(jsonb_build_array(p.account, p.member_id, p.points) order by p.n), '[]')
    from posting p where p.entry_id = e.id),
  'lots', (select coalesce(jsonb_agg(jsonb_build_array(l.id, l.points) order by l.id), '[]')
    from lot l where l.entry_id = e.id),
  'draws', (select coalesce(jsonb_agg(jsonb_build_array(d.lot_id, d.points) order by d.lot_id), '[]')
    from lot_draw d where d.entry_id = e.id))::text as line
from journal_entry e
where e.id > :after_id and e.id <= :upto_id
order by e.id limit :row_limit;

-- name: list_seals
-- The seals of a range of entries, both ends as for list_entry_lines.
select entry_id, hash from journal_seal where entry_id > :after_id and entry_id <= :upto_id order by entry_id;

-- name: insert_seals!
-- The next links of the chain.
insert into journal_seal (entry_id, hash)
select * from unnest(:entry_ids::bigint[], :hashes::bytea[]) as s (entry_id, hash) order by entry_id;

-- name: list_wallet_lines
-- The next wallets that have an entry, each as a line of the exported file.
select member_id, jsonb_build_object('wallet', member_id, 'pending', pending, 'available', available, 'held', held,
  'owed', owed, 'entries', entries)::text as line
from wallet where member_id > :after_id and entries > 0 order by member_id limit :row_limit;

-- name: list_lot_lines
-- The next lots with something left, each as a line of the exported file.
select id as lot_id, jsonb_build_object('lot', id, 'member', member_id, 'remaining', remaining)::text as line
from lot where id > :after_id and remaining > 0 order by id limit :row_limit;

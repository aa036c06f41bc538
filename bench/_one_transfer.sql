-- The least that one transfer takes on our schema, in one statement: balance, entry, two postings, lot.
with holder as (
  update wallet set available = available + 1, entries = entries + 1, version = version + 1
  where member_id = $1 returning member_id, entries, available
), entry as (
  insert into journal_entry (event_id, kind, member_id, seq, source_id, booked_at, available_after, reason)
  select $2, 'adjust', member_id, entries, $2, now(), available, 'bench' from holder returning id, member_id
), posted as (
  insert into posting (entry_id, n, account, member_id, points)
  select id, 1, 'program.adjusted', null, -1 from entry
  union all select id, 2, 'member.available', member_id, 1 from entry
)
insert into lot (entry_id, member_id, points, remaining, earned_at) select id, member_id, 1, 1, now() from entry

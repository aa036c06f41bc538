-- name: lock_wallets
-- The wallets of these members, locked in id order.
select member_id, pending, available, held, lifetime_earned, lifetime_redeemed, transactions_awarded, entries, version,
  owed, active_at
from wallet
where member_id = any(:member_ids::uuid[])
order by member_id
for no key update;

-- name: list_locked_members
-- What the services ask of members whose wallets are locked.
-- A statement of its own: one that had to wait for the locks would still see the members as they were before.
select m.id as member_id, m.status, m.created_at as joined_at, m.birth_date, m.tier_code, t.rank as tier_rank,
  t.multiplier as tier_multiplier
from member m join tier t on t.code = m.tier_code
where m.id = any(:member_ids::uuid[]);

-- name: list_open_lots
-- The first lots that each of these members would spend, soonest expiry first; of rolling lots as many again.
select l.id, l.member_id, l.remaining, l.expires_at
from unnest(:member_ids::uuid[]) as spender (member_id)
join wallet w on w.member_id = spender.member_id
cross join lateral (
  (select id, member_id, remaining, expires_at from lot
   where lot.member_id = spender.member_id and remaining > 0 and pending_until is null and rolls_months is null
   order by expires_at, id limit :lots_per_member)
  union all
  (select id, member_id, remaining, lot_expiry(expires_at, rolls_months, w.active_at) from lot
   where lot.member_id = spender.member_id and remaining > 0 and pending_until is null and rolls_months is not null
   order by expires_at, id limit :lots_per_member)
) l;

-- name: post_entries$
-- Whole journal entries with their postings, new lots, draws on lots and lots released; gives the entries' ids in order.
-- The rest names its entry by its place in the arrays: nothing is joined, so no plan made for small tables can go wrong.
-- Postings name their accounts by their places in a list, and are of the entry's member, as its lots are.
with ids as materialized (
  select array_agg(nextval('journal_entry_id_seq')) as id from generate_series(1, cardinality(:event_ids::uuid[]))
), entry as (
  insert into journal_entry
    (id, event_id, kind, member_id, seq, source_id, booked_at, available_after, reason, traceparent)
  overriding system value
  select (select id from ids)[e.place], e.event_id,
    case when cardinality(:kinds::text[]) = 1 then (:kinds::text[])[1] else e.kind end, e.member_id, e.seq, e.source_id,
    case when cardinality(:booked_ats::timestamptz[]) = 1 then (:booked_ats::timestamptz[])[1] else e.booked_at end,
    e.available_after, e.reason, e.traceparent
  from unnest(
    :event_ids::uuid[], :kinds::text[], :member_ids::uuid[], :seqs::text::bigint[], :source_ids::uuid[],
    :booked_ats::timestamptz[], :available_afters::text::bigint[], :reasons::text[], :traceparents::text[])
    with ordinality
    as e (event_id, kind, member_id, seq, source_id, booked_at, available_after, reason, traceparent, place)
), posted as (
  insert into posting (entry_id, n, account, member_id, points)
  select (select id from ids)[p.place], p.n, (:accounts::text[])[p.account],
    case when starts_with((:accounts::text[])[p.account], 'member.') then (:member_ids::uuid[])[p.place] end, p.points
  from unnest(
    :posting_places::text::int[], :posting_ns::text::smallint[], :posting_accounts::text::int[],
    :posting_points::text::bigint[]) as p (place, n, account, points)
), new_lot as (
  insert into lot (entry_id, member_id, points, remaining, earned_at, expires_at, pending_until, rolls_months)
  select (select id from ids)[l.place], (:member_ids::uuid[])[l.place], l.points, l.points,
    case when cardinality(:lot_earned_ats::timestamptz[]) = 1 then (:lot_earned_ats::timestamptz[])[1] else l.earned_at end,
    l.expires_at, l.pending_until, l.rolls_months
  from unnest(
    :lot_places::text::int[], :lot_points::text::bigint[], :lot_earned_ats::timestamptz[],
    :lot_expires_ats::timestamptz[], :lot_pending_untils::timestamptz[], :lot_rolls_months::smallint[])
    as l (place, points, earned_at, expires_at, pending_until, rolls_months)
), draw as (
  select d.place, d.lot_id, d.points
  from unnest(:draw_places::text::int[], :draw_lots::text::bigint[], :draw_points::text::bigint[])
    as d (place, lot_id, points)
), drawn as (
  insert into lot_draw (entry_id, lot_id, points)
  select (select id from ids)[draw.place], draw.lot_id, draw.points from draw
), changed as (
  update lot set remaining = lot.remaining - c.points,
    pending_until = case when c.released then null else lot.pending_until end
  from (
    select lot_id, sum(points)::bigint as points, bool_or(released) as released
    from (
      select lot_id, points, false as released from draw
      union all
      select lot_id, 0, true from unnest(:released_lots::text::bigint[]) as r (lot_id)) one_by_one
    group by lot_id) c
  where lot.id = c.lot_id
)
select id from ids;

-- name: save_wallets!
-- The wallets as the entries left them; one that was changed without our lock is not saved.
update wallet set
  pending = w.pending, available = w.available, held = w.held, lifetime_earned = w.lifetime_earned,
  lifetime_redeemed = w.lifetime_redeemed, transactions_awarded = w.transactions_awarded, entries = w.entries,
  version = w.version, owed = w.owed, updated_at = :updated_at::timestamptz,
  active_at = case when cardinality(:active_ats::timestamptz[]) = 1 then (:active_ats::timestamptz[])[1]
    else w.active_at end
from unnest(
  :member_ids::uuid[], :versions_before::text::bigint[], :pendings::text::bigint[], :availables::text::bigint[],
  :helds::text::bigint[], :lifetime_earneds::text::bigint[], :lifetime_redeemeds::text::bigint[],
  :transactions_awardeds::text::bigint[], :entries::text::bigint[], :versions::text::bigint[], :oweds::text::bigint[],
  :active_ats::timestamptz[]) as w (
  member_id, version_before, pending, available, held, lifetime_earned, lifetime_redeemed, transactions_awarded, entries,
  version, owed, active_at)
where wallet.member_id = w.member_id and wallet.version = w.version_before;

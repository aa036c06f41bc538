-- name: count_ledger^
-- What there is to verify.
select (select count(*) from journal_entry) as entries, (select count(*) from posting) as postings,
  (select count(*) from wallet) as members, (select count(*) from lot) as lots,
  (select coalesce(sum(available), 0)::bigint from wallet) as available_points;

-- name: find_unbalanced_entries
-- Entries that have fewer than two postings, or whose postings do not sum to zero.
select e.id as entry_id, e.member_id, count(*) over () as total,
  format('%s postings sum to %s', coalesce(p.n, 0), coalesce(p.points, 0)) as detail
from journal_entry e
left join (select entry_id, count(*) as n, sum(points) as points from posting group by entry_id) p on p.entry_id = e.id
where p.n is null or p.n < 2 or p.points <> 0
order by e.id limit :most;

-- name: find_foreign_postings
-- Postings on the account of another member than their entry's.
select e.id as entry_id, e.member_id, count(*) over () as total,
  format('posting %s is on an account of member %s', p.n, p.member_id) as detail
from posting p join journal_entry e on e.id = p.entry_id
where p.member_id <> e.member_id
order by e.id, p.n limit :most;

-- name: find_dangling_rows
-- Entries of no member, postings, lots and draws of no entry, draws on no lot.
select entry_id, member_id, count(*) over () as total, detail from (
  select e.id as entry_id, e.member_id, 'the entry is of no member' as detail
  from journal_entry e left join member m on m.id = e.member_id where m.id is null
  union all
  select p.entry_id, p.member_id, format('posting %s is of no entry', p.n)
  from posting p left join journal_entry e on e.id = p.entry_id where e.id is null
  union all
  select l.entry_id, l.member_id, format('lot %s is of no entry', l.id)
  from lot l left join journal_entry e on e.id = l.entry_id where e.id is null
  union all
  select d.entry_id, coalesce(e.member_id, l.member_id), format('the draw on lot %s is of no entry, or on no lot', d.lot_id)
  from lot_draw d left join journal_entry e on e.id = d.entry_id left join lot l on l.id = d.lot_id
  where e.id is null or l.id is null
) dangling
order by 1 limit :most;

-- name: find_broken_sequences
-- Entries whose seq is not one more than that of the member's entry before, or that were booked out of that order.
select s.id as entry_id, s.member_id, count(*) over () as total,
  format('seq %s where %s was due', s.seq, s.place) as detail
from (select id, member_id, seq, row_number() over (partition by member_id order by id) as place from journal_entry) s
where s.seq <> s.place
order by s.id limit :most;

-- name: find_broken_balances
-- Entries whose available_after is not what all of the member's entries up to them add up to.
select b.id as entry_id, b.member_id, count(*) over () as total,
  format('available_after %s where the postings add up to %s', b.available_after, b.balance) as detail
from (
  select e.id, e.member_id, e.available_after,
    sum(coalesce(p.points, 0)) over (partition by e.member_id order by e.seq, e.id) as balance
  from journal_entry e
  left join (
    select entry_id, sum(points) as points from posting where account = 'member.available' group by entry_id
  ) p on p.entry_id = e.id) b
where b.available_after <> b.balance
order by b.id limit :most;

-- name: find_wrong_wallets
-- Wallets that are not the sums of their postings and entries.
with booked as (
  select e.member_id,
    coalesce(sum(p.points) filter (where p.account = 'member.available'), 0) as available,
    coalesce(sum(p.points) filter (where p.account = 'member.pending'), 0) as pending,
    coalesce(sum(p.points) filter (where p.account = 'member.held'), 0) as held,
    coalesce(-sum(p.points) filter (where p.account = 'member.owed'), 0) as owed,
    coalesce(sum(p.points) filter (where e.kind in ('earn', 'reverse') and p.member_id is not null), 0) as earned,
    coalesce(-sum(p.points) filter (where e.kind in ('redeem', 'restore') and p.member_id is not null), 0) as redeemed,
    count(distinct e.id) as entries, max(e.id) as last_entry_id
  from journal_entry e join posting p on p.entry_id = e.id group by e.member_id
), awarded as (
  select member_id, count(*) as awards from award group by member_id
)
select b.last_entry_id as entry_id, w.member_id, count(*) over () as total,
  format('available %s, pending %s, held %s, owed %s, earned %s, redeemed %s, entries %s, awards %s '
    'where the ledger has %s, %s, %s, %s, %s, %s, %s, %s',
    w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed, w.entries, w.transactions_awarded,
    coalesce(b.available, 0), coalesce(b.pending, 0), coalesce(b.held, 0), coalesce(b.owed, 0), coalesce(b.earned, 0),
    coalesce(b.redeemed, 0), coalesce(b.entries, 0), coalesce(a.awards, 0)) as detail
from wallet w
left join booked b on b.member_id = w.member_id
left join awarded a on a.member_id = w.member_id
where (w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed, w.entries, w.transactions_awarded)
  <> (coalesce(b.available, 0), coalesce(b.pending, 0), coalesce(b.held, 0), coalesce(b.owed, 0), coalesce(b.earned, 0),
      coalesce(b.redeemed, 0), coalesce(b.entries, 0), coalesce(a.awards, 0))
order by b.last_entry_id nulls last, w.member_id limit :most;

-- name: find_wrong_lots
-- Entries that gave points not all of which are in lots of their own or back in lots they came from, and lots without.
with given as (
  select e.id, e.member_id, sum(p.points) as points
  from journal_entry e join posting p on p.entry_id = e.id and p.account in ('member.available', 'member.pending')
  group by e.id, e.member_id having sum(p.points) > 0
), lots as (
  select entry_id, member_id, sum(points) as points from (
    select entry_id, member_id, points from lot
    union all
    select d.entry_id, l.member_id, -d.points from lot_draw d join lot l on l.id = d.lot_id where d.points < 0) part
  group by entry_id, member_id
)
select coalesce(e.id, l.entry_id) as entry_id, coalesce(e.member_id, l.member_id) as member_id, count(*) over () as total,
  format('lots of %s points where the entry gave %s', coalesce(l.points, 0), coalesce(e.points, 0)) as detail
from given e full join lots l on l.entry_id = e.id
where (e.points, e.member_id) is distinct from (l.points, l.member_id)
order by 1 limit :most;

-- name: find_wrong_remainders
-- Lots whose remaining points are not their points less the draws on them.
select l.entry_id, l.member_id, count(*) over () as total,
  format('lot %s has %s of %s points left after draws of %s', l.id, l.remaining, l.points, coalesce(d.points, 0)) as detail
from lot l left join (select lot_id, sum(points) as points from lot_draw group by lot_id) d on d.lot_id = l.id
where l.remaining <> l.points - coalesce(d.points, 0)
order by l.entry_id limit :most;

-- name: find_wrong_draws
-- Entries that took points other than by draws of just these points, on lots of their member that were there before.
select coalesce(e.id, d.entry_id) as entry_id, coalesce(e.member_id, d.member_id) as member_id,
  count(*) over () as total,
  format('draws of %s points, %s of them on foreign or later lots, where the entry took %s',
    coalesce(d.points, 0), coalesce(d.wrong, 0), coalesce(e.points, 0)) as detail
from (
  select e.id, e.member_id, -sum(p.points) as points
  from journal_entry e join posting p on p.entry_id = e.id and p.account in ('member.available', 'member.pending')
  group by e.id, e.member_id having sum(p.points) < 0
) e full join (
  select d.entry_id, j.member_id, sum(d.points) filter (where d.points > 0) as points,
    count(*) filter (where l.member_id <> j.member_id or l.entry_id >= d.entry_id) as wrong
  from lot_draw d join lot l on l.id = d.lot_id join journal_entry j on j.id = d.entry_id
  group by d.entry_id, j.member_id
) d on d.entry_id = e.id
where e.points is distinct from d.points or d.wrong > 0
order by 1 limit :most;

-- name: find_uncovered_balances
-- Members whose open lots do not add up to what they have available, or their pending lots to what is pending.
select max(l.last_entry_id) over (partition by w.member_id) as entry_id, w.member_id, count(*) over () as total,
  format('lots of %s points where %s are available, pending lots of %s where %s are pending',
    coalesce(l.remaining, 0), w.available, coalesce(l.pending, 0), w.pending) as detail
from wallet w
left join (
  select member_id, coalesce(sum(remaining) filter (where pending_until is null), 0) as remaining,
    coalesce(sum(remaining) filter (where pending_until is not null), 0) as pending, max(entry_id) as last_entry_id
  from lot group by member_id
) l on l.member_id = w.member_id
where (w.available, w.pending) <> (coalesce(l.remaining, 0), coalesce(l.pending, 0))
order by 1 nulls last, w.member_id limit :most;

-- name: find_wrong_awards
-- Awards without the entry that books just their points for their transaction, and earning entries without an award.
with earned as (
  select e.id, e.member_id, e.source_id, sum(p.points) as points
  from journal_entry e join posting p on p.entry_id = e.id and p.member_id is not null
  where e.kind = 'earn' group by e.id, e.member_id, e.source_id
)
select coalesce(e.id, a.entry_id) as entry_id, coalesce(a.member_id, e.member_id) as member_id,
  count(*) over () as total,
  format('award of %s points to transaction %s where the entry books %s for %s',
    a.points, a.transaction_id, e.points, e.source_id) as detail
from (
  select transaction_id, member_id, points, entry_id from award where points > 0 or entry_id is not null
  union all
  select event_id, member_id, points, entry_id from event_award where points > 0 or entry_id is not null
) a full join earned e on e.id = a.entry_id
left join transaction t on t.id = a.transaction_id
left join member_event m on m.id = a.transaction_id
where (a.points::numeric, a.transaction_id, a.member_id) is distinct from (e.points, e.source_id, e.member_id)
  or coalesce(t.member_id, m.member_id) is distinct from a.member_id
order by 1 nulls first limit :most;

-- name: find_wrong_redemptions
-- Redemptions and the entries they name that disagree, such entries without one, and holds that no redemption wants.
with moved as (
  select e.id, e.kind, e.member_id, e.source_id, abs(sum(p.points)) as points
  from journal_entry e join posting p on p.entry_id = e.id
  where e.kind in ('redeem', 'hold', 'unhold', 'restore')
    and p.account = case when e.kind in ('redeem', 'restore') then 'program.redeemed' else 'member.held' end
  group by e.id
), named as (
  select id, member_id, points_cost, status, 'redeem' as kind, entry_id,
    status = 'completed' or (status = 'cancelled' and hold_entry_id is null and decided_at is not null) as due, status in ('completed', 'cancelled') as fits
  from redemption
  union all
  select id, member_id, points_cost, status, 'hold', hold_entry_id, status = 'reserved', true from redemption
  union all
  select id, member_id, points_cost, status, case when entry_id is null then 'unhold' else 'restore' end,
    returned_entry_id, (status = 'cancelled' and decided_at is not null)
      or (status in ('cancelled', 'rejected') and hold_entry_id is not null),
    status in ('cancelled', 'rejected')
  from redemption
), held as (
  select member_id, sum(points_cost) as points from redemption
  where hold_entry_id is not null and status in ('pending', 'reserved') group by member_id
)
select entry_id, member_id, count(*) over () as total, detail from (
  select coalesce(m.id, n.entry_id) as entry_id, coalesce(n.member_id, m.member_id) as member_id,
    format('redemption %s (%s) of %s points where the entry (%s) moves %s for %s',
      n.id, n.status, n.points_cost, coalesce(m.kind, n.kind), m.points, m.source_id) as detail
  from (select * from named where due or entry_id is not null) n
  full join moved m on m.id = n.entry_id
  where (n.points_cost::numeric, n.id, n.member_id, n.kind) is distinct from (m.points, m.source_id, m.member_id, m.kind)
    or not n.fits
  union all
  select (select max(id) from journal_entry e where e.member_id = w.member_id and e.kind in ('hold', 'unhold', 'redeem')),
    w.member_id, format('%s points are held where open redemptions hold %s', w.held, coalesce(h.points, 0))
  from wallet w left join held h on h.member_id = w.member_id
  where w.held <> coalesce(h.points, 0)
) wrong
order by 1 nulls first limit :most;

-- name: find_wrong_refunds
-- Refunds, and awards of events taken back, that disagree with their entries, or by which more came back than there was.
with reversed as (
  select e.id, e.member_id, e.source_id, sum(p.points) as points,
    coalesce(-sum(o.points), 0) as owed
  from journal_entry e
  join posting p on p.entry_id = e.id and p.account = 'program.reversed'
  left join posting o on o.entry_id = e.id and o.account = 'member.owed'
  where e.kind = 'reverse' group by e.id
)
select entry_id, member_id, count(*) over () as total, detail from (
  select coalesce(v.id, r.entry_id) as entry_id, coalesce(r.member_id, v.member_id) as member_id,
    format('refund %s takes back %s points, %s of them owed, where the entry takes %s and %s for %s',
      r.id, r.points_reversed, r.points_owed, v.points, v.owed, v.source_id) as detail
  from (
    select id, member_id, points_reversed, points_owed, entry_id from refund
    where points_reversed > 0 or entry_id is not null
    union all
    select id, member_id, points_reversed, points_owed, entry_id from event_reversal where entry_id is not null
  ) r
  full join reversed v on v.id = r.entry_id
  where (r.points_reversed::numeric, r.points_owed::numeric, r.id, r.member_id)
    is distinct from (v.points, v.owed, v.source_id, v.member_id)
  union all
  select max(r.entry_id), r.member_id,
    format('%s of %s minor units refunded and %s of %s points due for transaction %s',
      sum(r.amount_minor), t.amount_minor, sum(r.points_due), a.points, t.id)
  from refund r join transaction t on t.id = r.transaction_id left join award a on a.transaction_id = t.id
  group by r.member_id, t.id, t.amount_minor, a.points
  having sum(r.amount_minor) > t.amount_minor or sum(r.points_due) > coalesce(a.points, 0)
  union all
  select r.entry_id, r.member_id, format('%s of %s points due of event %s', r.points_due, a.points, r.event_id)
  from event_reversal r join event_award a using (event_id)
  where r.points_due > a.points or r.member_id <> a.member_id
) wrong
order by 1 nulls first limit :most;

-- name: find_wrong_transfers
-- Transfers whose points are not just those that one entry takes and the other gives, and such entries without one.
with moved as (
  select e.id, e.member_id, e.source_id, sum(p.points) as points
  from journal_entry e join posting p on p.entry_id = e.id and p.account = 'program.transferred'
  where e.kind = 'transfer' group by e.id
), sides as (
  select id, sent_entry_id as entry_id, from_member_id as member_id, points from transfer
  union all
  select id, received_entry_id, to_member_id, -points from transfer
)
select coalesce(m.id, s.entry_id) as entry_id, coalesce(s.member_id, m.member_id) as member_id,
  count(*) over () as total,
  format('transfer %s of %s points where the entry moves %s for %s', s.id, s.points, m.points, m.source_id) as detail
from sides s full join moved m on m.id = s.entry_id
where (s.points::numeric, s.id, s.member_id) is distinct from (m.points, m.source_id, m.member_id)
order by 1 nulls first limit :most;

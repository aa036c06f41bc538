-- name: movements
-- Points by kind of entry and account: before an instant, up to another and from then on. Reads the whole journal.
select e.kind, p.account,
  coalesce(sum(p.points) filter (where e.booked_at < :starts_at), 0)::bigint as before,
  coalesce(sum(p.points) filter (where e.booked_at >= :starts_at and e.booked_at < :ends_at), 0)::bigint as within,
  coalesce(sum(p.points) filter (where e.booked_at >= :ends_at), 0)::bigint as after
from posting p join journal_entry e on e.id = p.entry_id
group by e.kind, p.account order by e.kind, p.account;

-- name: wallet_totals^
-- What wallets say that members hold, by account, and how many members there are.
select coalesce(sum(pending), 0)::bigint as pending, coalesce(sum(available), 0)::bigint as available,
  coalesce(sum(held), 0)::bigint as held, coalesce(sum(owed), 0)::bigint as owed, count(*) as members from wallet;

-- name: points_by_expiry
-- Points in lots by the local month in which they expire (null: never), those still pending apart.
select to_char(lot_expiry(l.expires_at, l.rolls_months, w.active_at) at time zone :time_zone::text, 'YYYY-MM') as month,
  l.pending_until is not null as pending, sum(l.remaining)::bigint as points
from lot l join wallet w on w.member_id = l.member_id
where l.remaining > 0 group by 1, 2 order by 1 nulls last, 2;

-- name: movements_by_cohort
-- Points by the local month in which the member joined, kind of entry and account of the program.
select to_char(m.created_at at time zone :time_zone::text, 'YYYY-MM') as month, e.kind, p.account,
  sum(p.points)::bigint as points
from journal_entry e
join posting p on p.entry_id = e.id and p.member_id is null
join member m on m.id = e.member_id
group by 1, 2, 3;

-- name: members_by_cohort
-- Members by the local month in which they joined, what they hold, and how many of them ever earned and redeemed.
select to_char(m.created_at at time zone :time_zone::text, 'YYYY-MM') as month, count(*) as members,
  count(*) filter (where w.lifetime_earned > 0) as earning, count(*) filter (where w.lifetime_redeemed > 0) as redeeming,
  sum(w.available + w.pending + w.held - w.owed)::bigint as points
from member m join wallet w on w.member_id = m.id group by 1 order by 1;

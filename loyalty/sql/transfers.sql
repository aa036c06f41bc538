-- name: points_sent_this_month$
-- What a member has given away in the present month of the program's time zone. Hold the wallet's lock.
select coalesce(sum(t.points), 0)::bigint from transfer t cross join program p
where t.from_member_id = :member_id and t.transferred_at >= period_start('month', :at, p.time_zone);

-- name: insert_transfer!
-- Points that a member gave another.
insert into transfer (id, from_member_id, to_member_id, points, note, sent_entry_id, received_entry_id, transferred_at)
values (:transfer_id, :from_member_id, :to_member_id, :points, :note, :sent_entry_id, :received_entry_id,
  :transferred_at);

-- name: balance_at^
-- What a member had at a moment in the past, from the entries booked until then. Null for an unknown member.
select m.id as member_id, :at::timestamptz as at,
  coalesce(sum(p.points) filter (where p.account = 'member.available'), 0)::bigint as available,
  coalesce(sum(p.points) filter (where p.account = 'member.pending'), 0)::bigint as pending,
  coalesce(sum(p.points) filter (where p.account = 'member.held'), 0)::bigint as held,
  coalesce(-sum(p.points) filter (where p.account = 'member.owed'), 0)::bigint as owed,
  count(distinct e.id) as entries
from member m
left join journal_entry e on e.member_id = m.id and e.booked_at <= :at::timestamptz
left join posting p on p.entry_id = e.id and p.member_id is not null
where m.id = :member_id group by m.id;

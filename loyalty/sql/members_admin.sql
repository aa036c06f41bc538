-- name: admin_member_by_id^
-- A member with what they hold.
select m.id as member_id, m.external_id, m.email, m.name, m.status, m.tier_code, m.created_at, m.birth_date, m.erased_at,
  w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed
from member m join wallet w on w.member_id = m.id where m.id = :member_id;

-- name: list_admin_members
-- A page of members, newest first.
select m.id as member_id, m.external_id, m.email, m.name, m.status, m.tier_code, m.created_at, m.birth_date, m.erased_at,
  w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed
from member m join wallet w on w.member_id = m.id
where (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
  and (:before_id::uuid is null or m.id < :before_id)
order by m.id desc limit :limit;

-- name: list_admin_members_not_active
-- A page of the members of a status that few have, newest first.
select m.id as member_id, m.external_id, m.email, m.name, m.status, m.tier_code, m.created_at, m.birth_date, m.erased_at,
  w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed
from member m join wallet w on w.member_id = m.id
where m.status <> 'active' and m.status = :status
  and (:tier_code::text is null or m.tier_code = :tier_code)
  and (:before_id::uuid is null or m.id < :before_id)
order by m.id desc limit :limit;

-- name: list_admin_members_in_tier
-- A page of the members in a tier, newest first.
select m.id as member_id, m.external_id, m.email, m.name, m.status, m.tier_code, m.created_at, m.birth_date, m.erased_at,
  w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed
from member m join wallet w on w.member_id = m.id
where m.tier_code = :tier_code
  and (:status::text is null or m.status = :status)
  and (:before_id::uuid is null or m.id < :before_id)
order by m.id desc limit :limit;

-- name: list_admin_members_named
-- Those of these members that there are, newest first.
select m.id as member_id, m.external_id, m.email, m.name, m.status, m.tier_code, m.created_at, m.birth_date, m.erased_at,
  w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.lifetime_redeemed
from member m join wallet w on w.member_id = m.id
where m.id = any(:ids::uuid[])
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
  and (:before_id::uuid is null or m.id < :before_id)
order by m.id desc limit :limit;

-- name: list_ledger_entries
-- A page of a member's journal entries with their postings, newest first.
select e.id as entry_id, e.seq, e.kind, e.source_id, e.event_id, e.reason, e.booked_at, e.traceparent, e.available_after,
  p.points, p.postings
from journal_entry e cross join lateral (
  select sum(points) filter (where account like 'member.%')::bigint as points,
    jsonb_agg(jsonb_build_object('account', account, 'points', points) order by n) as postings
  from posting where entry_id = e.id
) p
where e.member_id = :member_id and (:before_seq::bigint is null or e.seq < :before_seq)
order by e.seq desc limit :limit;

-- name: member_id_by_external_id$
-- The member whom another system calls so.
select id from member where external_id = :external_id;

-- name: database_now$
-- The database's clock: that of the transaction.
select now();

-- name: try_to_lead_timed_work$
-- True when this session is the only one that does the timed work, until it ends.
select pg_try_advisory_lock(x'6c617572656c746d'::bigint);

-- name: list_lots_to_release
-- Pending lots whose time has come, the longest overdue first.
select id as lot_id, member_id from lot
where remaining > 0 and pending_until <= :at
order by pending_until limit :row_limit;

-- name: list_lots_to_expire
-- Lots that may have expired, the longest overdue first.
select id as lot_id, member_id from lot
where remaining > 0 and pending_until is null and expires_at <= :at
order by expires_at limit :row_limit;

-- name: list_pending_lots_of
-- Those of these lots that are to be released. Hold the wallets' locks.
select id as lot_id, member_id, remaining, expires_at from lot
where id = any(:lot_ids::bigint[]) and remaining > 0 and pending_until <= :at order by id;

-- name: list_due_lots_of
-- Those of these lots that have points left, with when they really expire. Hold the wallets' locks.
select l.id as lot_id, l.member_id, l.remaining, lot_expiry(l.expires_at, l.rolls_months, w.active_at) as expires_at
from lot l join wallet w using (member_id)
where l.id = any(:lot_ids::bigint[]) and l.remaining > 0 and l.pending_until is null and l.expires_at is not null
order by l.id;

-- name: roll_lots!
-- Rolling lots of members who were active since: when they expire now.
update lot set expires_at = r.expires_at
from unnest(:lot_ids::bigint[], :expires_ats::timestamptz[]) as r (lot_id, expires_at)
where lot.id = r.lot_id;

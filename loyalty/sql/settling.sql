-- name: redemption_member$
-- Whose redemption it is.
select member_id from redemption where id = :redemption_id;

-- name: lock_redemptions
-- Redemptions that are about to be settled, locked in id order. Hold the wallets' locks.
select r.id as redemption_id, r.member_id, r.reward_id, r.points_cost, r.status, r.entry_id, r.hold_entry_id,
  r.reserved_until, g.partner_id, g.stock_remaining is not null as stock_counted
from redemption r join reward g on g.id = r.reward_id
where r.id = any(:redemption_ids::uuid[])
order by r.id for no key update of r;

-- name: list_overdue_reservations
-- Reservations that their partner did not confirm in time, the longest overdue first.
select id as redemption_id, member_id from redemption
where status = 'reserved' and reserved_until <= :at
order by reserved_until limit :row_limit;

-- name: save_confirmed!
-- A reservation that its partner confirmed.
update redemption set status = 'completed', voucher_code = :voucher_code, entry_id = :entry_id,
  wallet_version = :wallet_version, completed_at = :at
where id = :redemption_id and status = 'reserved';

-- name: save_cancelled!
-- Redemptions that came to nothing after all, with the entries that gave their points back.
update redemption set status = 'cancelled', returned_entry_id = c.entry_id, wallet_version = c.wallet_version,
  cancelled_at = :at::timestamptz, completed_at = coalesce(completed_at, :at::timestamptz), cancel_reason = :reason
from unnest(:redemption_ids::uuid[], :entry_ids::bigint[], :wallet_versions::bigint[])
  as c (redemption_id, entry_id, wallet_version)
where redemption.id = c.redemption_id and redemption.status in ('reserved', 'completed');

-- name: save_given_up!
-- A redemption that nobody will decide about, with the entry that gave back what was held for it.
update redemption set status = 'cancelled', returned_entry_id = :entry_id, wallet_version = :wallet_version,
  cancelled_at = :at, completed_at = :at, cancel_reason = :reason
where id = :redemption_id and status = 'pending';

-- name: insert_vouchers
-- Codes for a reward to hand out, in the order of their lines; gives back those that it did not have before.
insert into voucher (reward_id, code, uploaded_at, upload_id, upload_line)
select :reward_id, code, :at, :upload_id, line from unnest(:codes::text[], :lines::bigint[]) as c (code, line)
order by line
on conflict do nothing
returning code;

-- name: voucher_places
-- Which upload these codes of a reward came by, and in which line of it.
select code, upload_id, upload_line from voucher where reward_id = :reward_id and code = any(:codes::text[]);

-- name: count_vouchers^
-- How many codes a reward has, and how many of them nobody has yet.
select count(*) as codes, count(*) filter (where redemption_id is null) as free
from voucher where reward_id = :reward_id;

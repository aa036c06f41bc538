-- name: lock_purchase_to_refund^
-- Locks the wallet of the member whose purchase this is; the purchase.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, t.content_hash
from transaction t join wallet w on w.member_id = t.member_id
where t.id = :transaction_id
for no key update of w;

-- name: list_refunds_of
-- The refunds of these purchases, in their order.
select id as refund_id, transaction_id, member_id, merchant_id, seq, external_id, amount_minor, parts, reason,
  content_hash, refunded_at, points_due, points_reversed, points_owed, points_lapsed, reversed_at
from refund where transaction_id = any(:transaction_ids::uuid[]) order by transaction_id, seq;

-- name: find_refund_by_external_id^
-- The refund that was recorded under a merchant's external id.
select id as refund_id, transaction_id, member_id, merchant_id, seq, external_id, amount_minor, parts, reason,
  content_hash, refunded_at, points_due, points_reversed, points_owed, points_lapsed, reversed_at
from refund where merchant_id = :merchant_id and external_id = :external_id;

-- name: insert_refund!
-- A refund, before it takes any points back.
insert into refund (id, transaction_id, member_id, merchant_id, seq, external_id, amount_minor, parts, reason,
  content_hash, refunded_at)
values (:refund_id, :transaction_id, :member_id, :merchant_id, :seq, :external_id, :amount_minor, :parts, :reason,
  :content_hash, :refunded_at);

-- name: claim_refund_events
-- Of these events, those never handled before, from now on handled: refunds of purchases that have their award.
insert into inbox (consumer, event_id)
select :consumer, r.id
from refund r join award a on a.transaction_id = r.transaction_id
where r.id = any(:event_ids::uuid[]) and r.reversed_at is null
order by r.id
on conflict do nothing
returning event_id;

-- name: list_awards_to_reverse
-- What these purchases were awarded, and why.
select a.transaction_id, a.member_id, a.points, a.receipt, a.entry_id, t.amount_minor, t.currency, t.items,
  t.occurred_at
from award a join transaction t on t.id = a.transaction_id
where a.transaction_id = any(:transaction_ids::uuid[]);

-- name: list_lots_to_reverse
-- The lots that these entries made, with what of them expired unspent. Hold the wallets' locks.
select l.entry_id, l.id as lot_id, l.remaining, lot_expiry(l.expires_at, l.rolls_months, w.active_at) as expires_at,
  l.pending_until is not null as pending,
  (select coalesce(sum(d.points), 0)::bigint from lot_draw d join journal_entry e on e.id = d.entry_id
   where d.lot_id = l.id and e.kind = 'expire') as expired
from lot l join wallet w using (member_id)
where l.entry_id = any(:entry_ids::bigint[]) order by l.id;

-- name: save_reversals!
-- What refunds took back, and their places among the awards.
-- Marks completed referrals of whose purchase refunds have left less than was asked of it: they are taken back too.
with r as materialized (
  select taken.*, nextval('award_seq_seq') as counted_seq
  from unnest(
    :refund_ids::uuid[], :points_dues::bigint[], :points_reverseds::bigint[], :points_oweds::bigint[],
    :points_lapseds::bigint[], :entry_ids::bigint[], :wallet_versions::bigint[])
    as taken (refund_id, points_due, points_reversed, points_owed, points_lapsed, entry_id, wallet_version)
), broken as (
  update referral set broken_at = :reversed_at::timestamptz
  where transaction_id in (select f.transaction_id from refund f where f.id = any(:refund_ids::uuid[]))
    and status = 'completed' and broken_at is null
    and referrer_event_id is not null and referred_event_id is not null
    and greatest(asked_minor, 1) > (
      select x.amount_minor - sum(f.amount_minor) from transaction x join refund f on f.transaction_id = x.id
      where x.id = referral.transaction_id group by x.amount_minor
    )
)
update refund set points_due = r.points_due, points_reversed = r.points_reversed, points_owed = r.points_owed,
  points_lapsed = r.points_lapsed, entry_id = r.entry_id, wallet_version = r.wallet_version,
  counted_seq = r.counted_seq, reversed_at = :reversed_at::timestamptz
from r
where refund.id = r.refund_id and refund.reversed_at is null;

-- name: list_unreversed_refunds
-- Refunds whose purchase has its award, that have waited longest for taking points back and were not set aside.
select r.id as refund_id, r.transaction_id, r.member_id, r.merchant_id, r.seq, r.external_id, r.amount_minor, r.parts,
  r.reason, r.content_hash, r.refunded_at, r.points_due, r.points_reversed, r.points_owed, r.points_lapsed, r.reversed_at
from refund r join award a on a.transaction_id = r.transaction_id
where r.reversed_at is null and r.refunded_at <= :refunded_before
  and not exists (
    select from dead_letter d
    where d.event_id = r.id and d.consumer = :consumer and d.resolution is distinct from 'requeued')
order by r.refunded_at limit :row_limit;

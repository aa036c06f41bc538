-- name: list_admin_transactions
-- A page of purchases of all members, newest first.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, a.points as points_awarded,
  (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
from transaction t left join award a on a.transaction_id = t.id
where (:member_id::uuid is null or t.member_id = :member_id)
  and (:merchant_id::uuid is null or t.merchant_id = :merchant_id)
  and (:external_id::text is null or t.external_id = :external_id)
  and (not :awarded::bool or a.transaction_id is not null)
  and (:before_id::uuid is null or t.id < :before_id)
order by t.id desc limit :limit;

-- name: list_admin_unawarded
-- A page of purchases without an award, newest first: those after the reconciler's mark, and those set aside before it.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, null::bigint as points_awarded,
  (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
from (
  select id from transaction where id > (select transaction_id from reconciled_up_to)
  union
  select event_id from dead_letter where resolution is distinct from 'requeued'
) candidate
join transaction t on t.id = candidate.id
where not exists (select from award a where a.transaction_id = t.id)
  and (:member_id::uuid is null or t.member_id = :member_id)
  and (:merchant_id::uuid is null or t.merchant_id = :merchant_id)
  and (:external_id::text is null or t.external_id = :external_id)
  and (:before_id::uuid is null or t.id < :before_id)
order by t.id desc limit :limit;

-- name: count_unawarded$
-- Purchases without an award that were not set aside, counted up to a limit.
select count(*) from (
  select from transaction t
  where t.id > (select transaction_id from reconciled_up_to)
    and not exists (select from award a where a.transaction_id = t.id)
    and not exists (select from dead_letter d where d.event_id = t.id and d.resolution is distinct from 'requeued')
  limit :limit
) unawarded;

-- name: admin_transaction_by_id^
-- A purchase with the receipt of its award, once there is one.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, a.points as points_awarded, a.receipt, a.awarded_at,
  (select coalesce(sum(amount_minor), 0)::bigint from refund where transaction_id = t.id) as refunded_minor
from transaction t left join award a on a.transaction_id = t.id where t.id = :transaction_id;

-- name: list_admin_transactions
-- A page of purchases of all members, newest first.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, a.points as points_awarded
from transaction t left join award a on a.transaction_id = t.id
where (:member_id::uuid is null or t.member_id = :member_id)
  and (:merchant_id::uuid is null or t.merchant_id = :merchant_id)
  and (:external_id::text is null or t.external_id = :external_id)
  and (:awarded::bool is null or (a.transaction_id is not null) = :awarded)
  and (:before_id::uuid is null or t.id < :before_id)
order by t.id desc limit :limit;

-- name: admin_transaction_by_id^
-- A purchase with the receipt of its award, once there is one.
select t.id as transaction_id, t.member_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor,
  t.currency, t.items, a.points as points_awarded, a.receipt, a.awarded_at
from transaction t left join award a on a.transaction_id = t.id where t.id = :transaction_id;

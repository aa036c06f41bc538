-- name: insert_awards!
-- What these transactions earned and why.
insert into award (transaction_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version, awarded_at)
select a.transaction_id, a.member_id, a.points, a.entry_id, a.ruleset_version, a.receipt::jsonb, a.wallet_version,
  :awarded_at::timestamptz
from unnest(
  :transaction_ids::uuid[], :member_ids::uuid[], :points::text::bigint[], :entry_ids::text::bigint[],
  :ruleset_versions::text::bigint[], :receipts::text[], :wallet_versions::text::bigint[])
  as a (transaction_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version);

-- name: list_member_usage
-- What rules have given these members in these periods. Hold the wallets' locks.
select u.rule_id, u.member_id, u.period_key, u.points
from unnest(:rule_ids::uuid[], :member_ids::uuid[], :period_keys::text[]) as k (rule_id, member_id, period_key)
join rule_member_usage u using (rule_id, member_id, period_key);

-- name: lock_budgets
-- What these rules have given all members, locked in id order.
insert into rule_budget_usage (rule_id, points)
select rule_id, 0 from unnest(:rule_ids::uuid[]) as r (rule_id) order by rule_id
on conflict (rule_id) do update set points = rule_budget_usage.points
returning rule_id, points;

-- name: save_member_usage!
-- The members' counters as the awards left them.
insert into rule_member_usage (rule_id, member_id, period_key, points)
select * from unnest(:rule_ids::uuid[], :member_ids::uuid[], :period_keys::text[], :points::bigint[])
on conflict (rule_id, member_id, period_key) do update set points = excluded.points;

-- name: save_budgets!
-- The rules' budgets as the awards left them.
update rule_budget_usage set points = b.points
from unnest(:rule_ids::uuid[], :points::bigint[]) as b (rule_id, points)
where rule_budget_usage.rule_id = b.rule_id;

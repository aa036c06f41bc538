-- name: insert_rule!
-- A new rule: a draft whose first version follows in the same transaction.
insert into earning_rule (id, status, latest_version, created_at) values (:rule_id, 'draft', 1, :at);

-- name: insert_rule_version!
-- A version, never changed again.
insert into earning_rule_version (rule_id, version, name, definition, created_at, created_by)
values (:rule_id, :version, :name, :definition, :at, :created_by);

-- name: lock_rule^
-- A rule that is about to change.
select id as rule_id, status, active_version, latest_version, created_at, activated_at, retired_at
from earning_rule where id = :rule_id for update;

-- name: raise_latest_version!
-- A rule has one version more.
update earning_rule set latest_version = :version where id = :rule_id;

-- name: set_rule_active!
-- A version takes effect.
update earning_rule set status = 'active', active_version = :version, activated_at = :at, retired_at = null,
  scheduled_version = null, scheduled_at = null
where id = :rule_id;

-- name: set_rule_retired!
-- A rule is out of force.
update earning_rule set status = 'retired', active_version = null, retired_at = :at, scheduled_version = null,
  scheduled_at = null
where id = :rule_id;

-- name: set_rule_on_trial!
-- A version is evaluated with the rules in force, and awards nothing.
update earning_rule set status = 'shadow', active_version = :version, activated_at = :at, retired_at = null
where id = :rule_id;

-- name: schedule_rule!
-- A version takes effect at a time; null takes an earlier wish back.
update earning_rule set scheduled_version = :version, scheduled_at = :at where id = :rule_id;

-- name: list_due_rules
-- Rules whose time has come, the longest due first.
select id as rule_id, scheduled_version as version from earning_rule where scheduled_at <= :at
order by scheduled_at, id limit :row_limit::int;

-- name: list_rules_on_trial
-- The versions that are evaluated and award nothing, oldest rule first.
select r.id as rule_id, v.version, r.created_at, v.definition
from earning_rule r join earning_rule_version v on v.rule_id = r.id and v.version = r.active_version
where r.status = 'shadow' order by r.created_at, r.id;

-- name: count_trials!
-- What rules on trial would have given, added to what they would have given before; in the order of the keys.
insert into shadow_award (rule_id, version, day, purchases, points)
select * from unnest(:rule_ids::uuid[], :versions::int[], :days::date[], :purchases::bigint[], :points::bigint[])
  as t (rule_id, version, day, purchases, points)
order by 1, 2, 3
on conflict (rule_id, version, day) do update set purchases = shadow_award.purchases + excluded.purchases,
  points = shadow_award.points + excluded.points;

-- name: lock_trial_usage
-- What these rules on trial would have given so far; under the nil UUID their budgets, locked in the order of the rules.
with wanted as materialized (
  select * from unnest(:rule_ids::uuid[], :versions::int[], :member_ids::uuid[], :period_keys::text[])
    as w (rule_id, version, member_id, period_key)
), budgets as (
  insert into trial_usage (rule_id, version, member_id, period_key, points)
  select rule_id, version, member_id, period_key, 0 from wanted
  where member_id = '00000000-0000-0000-0000-000000000000' order by rule_id, version
  on conflict (rule_id, version, member_id, period_key) do update set points = trial_usage.points
  returning rule_id, member_id, period_key, points
)
select rule_id, member_id, period_key, points from budgets
union all
select rule_id, member_id, period_key, u.points
from wanted join trial_usage u using (rule_id, version, member_id, period_key)
where member_id <> '00000000-0000-0000-0000-000000000000';

-- name: save_trial_usage!
-- The counters of rules on trial as a batch left them.
insert into trial_usage (rule_id, version, member_id, period_key, points)
select * from unnest(:rule_ids::uuid[], :versions::int[], :member_ids::uuid[], :period_keys::text[], :points::bigint[])
on conflict (rule_id, version, member_id, period_key) do update set points = excluded.points;

-- name: list_trial_days
-- What a rule on trial would have given, the last day first.
select version, day, purchases, points from shadow_award where rule_id = :rule_id
order by day desc, version desc limit :row_limit::int;

-- name: rule_by_id^
-- A rule, named as its active version, else as its latest.
select r.id as rule_id, v.name, r.status, r.active_version, r.latest_version, r.created_at, r.activated_at, r.retired_at,
  r.scheduled_version, r.scheduled_at
from earning_rule r
join earning_rule_version v on v.rule_id = r.id and v.version = coalesce(r.active_version, r.latest_version)
where r.id = :rule_id;

-- name: list_rules
-- A page of rules with what they say, newest first.
select r.id as rule_id, v.name, r.status, r.active_version, r.latest_version, r.created_at, r.activated_at, r.retired_at,
  r.scheduled_version, r.scheduled_at, v.definition
from earning_rule r
join earning_rule_version v on v.rule_id = r.id and v.version = coalesce(r.active_version, r.latest_version)
where (:status::text is null or r.status = :status) and (:before_id::uuid is null or r.id < :before_id)
order by r.id desc limit :limit;

-- name: list_rule_versions
-- Every version of a rule, newest first.
select version, definition, created_at, created_by from earning_rule_version where rule_id = :rule_id
order by version desc;

-- name: list_active_rules
-- The versions in force, oldest rule first.
select r.id as rule_id, v.version, r.created_at, v.definition
from earning_rule r join earning_rule_version v on v.rule_id = r.id and v.version = r.active_version
where r.status = 'active' order by r.created_at, r.id;

-- name: list_budget_usage
-- What these rules have given all members so far, unlocked: for looking, not for spending.
select rule_id, points from rule_budget_usage where rule_id = any(:rule_ids::uuid[]);

-- name: list_limits
-- The limits of these versions of rules.
select v.rule_id, v.version, v.definition -> 'limits' as limits
from unnest(:rule_ids::uuid[], :versions::int[]) as w (rule_id, version)
join earning_rule_version v using (rule_id, version);

-- name: member_facts^
-- What the rules may ask of a member, unlocked.
select m.created_at as joined_at, m.birth_date, w.transactions_awarded::int as purchases_before, m.tier_code as tier,
  t.multiplier as tier_multiplier
from member m join wallet w on w.member_id = m.id join tier t on t.code = m.tier_code where m.id = :member_id;

-- name: newcomer_facts^
-- What the rules may ask of someone who joins now.
select 0 as purchases_before, code as tier, multiplier as tier_multiplier from tier order by rank limit 1;

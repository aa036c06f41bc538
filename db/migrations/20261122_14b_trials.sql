-- what limits and budgets of rules on trial have counted
-- depends: 20261122_14_vouchers

-- migrate: apply

-- Points that a version of a rule on trial would have given: a member in a period, or, under the nil UUID, everybody
-- (its budget). The counters of rules in force know nothing of it: a rule that comes into force begins unused.
create table trial_usage (
  rule_id uuid not null,
  version int not null,
  member_id uuid not null,
  period_key text not null,
  points bigint not null check (points >= 0),
  primary key (rule_id, version, member_id, period_key),
  foreign key (rule_id, version) references earning_rule_version
) with (fillfactor = 70);

-- migrate: rollback

drop table trial_usage;

-- what rules were in force when, rules on trial and activations to come, replays, and how members qualify for tiers
-- depends: 20261122_03_admin

-- migrate: apply

alter table member add column birth_date date;

-- seq is the order in which purchases were awarded: that of the locks under which it was reckoned, so of one member's
-- wallet and of a rule's budget. Replaying awards in it meets every counter as it stood.
alter table award add column seq bigint generated always as identity;
create unique index award_seq on award (seq);

-- What decided what a purchase earns, for every version that the rules in force ever had.
create table ruleset (
  version bigint primary key,
  made_at timestamptz not null,
  program jsonb not null,
  rules jsonb not null,
  tiers jsonb not null
);
create trigger ruleset_is_a_record before update or delete on ruleset for each row execute function refuse_change();

alter table earning_rule drop constraint earning_rule_status_check, drop constraint earning_rule_check,
  add constraint earning_rule_status_check check (status in ('draft', 'shadow', 'active', 'retired')),
  add constraint earning_rule_in_force check ((status in ('active', 'shadow')) = (active_version is not null)),
  add column scheduled_version int,
  add column scheduled_at timestamptz,
  add constraint earning_rule_scheduled check ((scheduled_version is null) = (scheduled_at is null)),
  add foreign key (id, scheduled_version) references earning_rule_version (rule_id, version);
create index earning_rule_due on earning_rule (scheduled_at) where scheduled_at is not null;

create function record_ruleset(version bigint) returns void language sql as $$
  insert into ruleset (version, made_at, program, rules, tiers)
  select record_ruleset.version, now(),
    (select to_jsonb(p) - 'one' from program p),
    coalesce((select jsonb_agg(jsonb_build_object('rule_id', r.id, 'version', r.active_version) order by r.created_at, r.id)
      from earning_rule r where r.status = 'active'), '[]'),
    (select jsonb_agg(to_jsonb(t) order by t.rank) from tier t)
  on conflict do nothing
$$;
create function record_new_ruleset() returns trigger language plpgsql as $$
begin
  perform record_ruleset(new.ruleset_version);
  return null;
end $$;
-- At the commit, when all is done that the version stands for: whoever raises it holds the program's row till then.
create constraint trigger program_ruleset after update of ruleset_version on program
  deferrable initially deferred for each row execute function record_new_ruleset();
select record_ruleset(ruleset_version) from program;

-- What rules on trial would have given.
create table shadow_award (
  rule_id uuid not null,
  version int not null,
  day date not null,
  purchases bigint not null,
  points bigint not null,
  primary key (rule_id, version, day),
  foreign key (rule_id, version) references earning_rule_version
) with (fillfactor = 70);

-- A draft set of rules over the stored history.
create table rule_replay (
  id uuid primary key,
  rules jsonb not null,
  from_time timestamptz,
  to_time timestamptz,
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'cancelled', 'failed')),
  purchases_total bigint,
  purchases_done bigint not null default 0,
  attempts int not null default 0,
  result jsonb,
  error text,
  requested_by text not null,
  requested_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
) with (fillfactor = 50);
create index rule_replay_waiting on rule_replay (id) where status in ('queued', 'running');

-- How members come to a tier, and when they leave it.
alter table program add column tier_policy jsonb not null default '{}';
alter table tier add column threshold_spend_minor bigint check (threshold_spend_minor >= 0);

-- What counts towards tiers, by the month of the program's time zone in which it was bought.
create table qualifying_month (
  member_id uuid not null references member,
  month date not null check (extract(day from month) = 1),
  points bigint not null default 0,
  spend_minor bigint not null default 0,
  primary key (member_id, month)
) with (fillfactor = 70);

-- grace_until: the member no longer qualifies for the tier and loses it then.
create table tier_standing (
  member_id uuid primary key references member,
  since timestamptz not null,
  grace_until timestamptz
) with (fillfactor = 70);

-- wallet_version: the member's purchases of later versions were made in the new tier.
create table tier_change (
  id uuid primary key,
  member_id uuid not null references member,
  from_code text not null,
  to_code text not null,
  reason text not null check (reason in ('qualified', 'not_qualified', 'ladder_changed')),
  wallet_version bigint not null,
  changed_at timestamptz not null
);
create index on tier_change (member_id, wallet_version);
create trigger tier_change_is_a_record before update or delete on tier_change for each row execute function refuse_change();

-- The nightly recalculation: of which day and which rules it is, and after which member it goes on.
create table tier_recalculation (
  one bool primary key default true check (one),
  day date not null default '2000-01-01',
  ruleset_version bigint not null default 0,
  after_id uuid not null default '00000000-0000-0000-0000-000000000000',
  finished_at timestamptz
);
insert into tier_recalculation default values;

-- migrate: rollback

drop table tier_recalculation, tier_change, tier_standing, qualifying_month, rule_replay, shadow_award;
alter table tier drop column threshold_spend_minor;
alter table program drop column tier_policy;
drop trigger program_ruleset on program;
drop table ruleset;
drop function record_new_ruleset, record_ruleset;
update earning_rule set status = 'draft', active_version = null where status = 'shadow';
alter table earning_rule drop constraint earning_rule_status_check, drop constraint earning_rule_in_force,
  drop constraint earning_rule_scheduled, drop column scheduled_version, drop column scheduled_at,
  add constraint earning_rule_status_check check (status in ('draft', 'active', 'retired')),
  add constraint earning_rule_check check ((status = 'active') = (active_version is not null));
alter table award drop column seq;
alter table member drop column birth_date;

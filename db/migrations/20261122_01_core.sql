-- members, merchants, transactions, rules, tiers, rewards, redemptions, ledger, inbox, dead letters, idempotency, audit
-- depends:

-- migrate: apply

-- Refuses any change of a row that is a record of what happened.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: its rows are a record and are never changed', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'Book a correcting entry instead.';
end $$;

-- One row: the settings of the program.
create table program (
  one bool primary key default true check (one),
  name text not null default 'Laurel',
  currency text not null default 'GBP' check (currency ~ '^[A-Z]{3}$'),
  time_zone text not null default 'UTC',
  rounding text not null default 'down' check (rounding in ('down', 'half_up', 'up')),
  point_value numeric(20, 6) not null default 0.01 check (point_value >= 0),
  ruleset_version bigint not null default 1
);
insert into program default values;

create table tier (
  code text primary key check (code ~ '^[a-z0-9_-]{1,40}$'),
  name text not null,
  rank int not null unique,
  threshold_points bigint not null check (threshold_points >= 0),
  multiplier numeric(8, 4) not null default 1 check (multiplier > 0),
  benefits jsonb not null default '[]'
);
insert into tier (code, name, rank, threshold_points) values ('base', 'Member', 0, 0);

create table member (
  id uuid primary key,
  external_id text unique,
  email text,
  name text,
  password_hash text,
  status text not null default 'active' check (status in ('active', 'suspended', 'erased')),
  tier_code text not null default 'base' references tier,
  created_at timestamptz not null
);
create unique index member_email_key on member (lower(email));

-- A member's balances. This row is the lock of everything that happens to the member: whoever appends an event keyed
-- by the member locks it first, so that outbox id order is commit order. version counts what the member can see change;
-- entries counts the member's journal entries: the seq of the last one.
create table wallet (
  member_id uuid primary key references member,
  pending bigint not null default 0 constraint wallet_pending_not_negative check (pending >= 0),
  available bigint not null default 0 constraint wallet_available_not_negative check (available >= 0),
  held bigint not null default 0 constraint wallet_held_not_negative check (held >= 0),
  lifetime_earned bigint not null default 0,
  lifetime_redeemed bigint not null default 0,
  transactions_awarded bigint not null default 0,
  entries bigint not null default 0,
  version bigint not null default 0,
  updated_at timestamptz not null
) with (fillfactor = 50);

create table merchant (
  id uuid primary key,
  external_id text unique,
  name text not null,
  active bool not null default true,
  created_at timestamptz not null
);

-- secret_hash is SHA-256 of a 256-bit random secret: no slow hash is needed for what cannot be guessed.
create table merchant_key (
  id uuid primary key,
  merchant_id uuid not null references merchant,
  prefix text not null unique,
  secret_hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index on merchant_key (merchant_id);

create table admin (
  id uuid primary key,
  email text not null,
  name text not null,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  password_hash text not null,
  active bool not null default true,
  created_at timestamptz not null
);
create unique index admin_email_key on admin (lower(email));

-- Refresh tokens, hashed. A token used twice revokes its family.
create table refresh_token (
  token_hash bytea primary key,
  family_id uuid not null,
  subject_kind text not null check (subject_kind in ('member', 'admin')),
  subject_id uuid not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index on refresh_token (family_id);
create index on refresh_token (subject_id);

-- A purchase as it was recorded, never changed. Whether it was awarded is told by award.
create table transaction (
  id uuid primary key,
  member_id uuid not null references member,
  merchant_id uuid not null references merchant,
  external_id text,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  items jsonb not null default '[]',
  content_hash bytea not null,
  constraint transaction_external_id_key unique (merchant_id, external_id)
);
create index transaction_member on transaction (member_id, id desc);

-- A rule is its versions; a version is never changed.
create table earning_rule (
  id uuid primary key,
  status text not null default 'draft' check (status in ('draft', 'active', 'retired')),
  active_version int,
  latest_version int not null default 1,
  created_at timestamptz not null,
  activated_at timestamptz,
  retired_at timestamptz,
  check ((status = 'active') = (active_version is not null))
);
create table earning_rule_version (
  rule_id uuid not null references earning_rule,
  version int not null check (version > 0),
  name text not null,
  definition jsonb not null,
  created_at timestamptz not null,
  created_by uuid references admin,
  primary key (rule_id, version)
);
alter table earning_rule add foreign key (id, active_version) references earning_rule_version (rule_id, version);

-- What a rule has given a member in a period (limits.points_per_member). period_key: '2017-03-05', '2017-W09', '2017-03', 'ever'.
create table rule_member_usage (
  rule_id uuid not null references earning_rule,
  member_id uuid not null references member,
  period_key text not null,
  points bigint not null check (points >= 0),
  primary key (rule_id, member_id, period_key)
) with (fillfactor = 70);

-- What a rule has given all members (limits.budget_points).
create table rule_budget_usage (
  rule_id uuid primary key references earning_rule,
  points bigint not null check (points >= 0)
) with (fillfactor = 50);

-- Double entry. event_id is the event that caused the entry: unique, so an event is booked once.
-- seq counts the entries of one member from 1 without holes; available_after is the balance that the entry left.
create table journal_entry (
  id bigint generated always as identity primary key,
  event_id uuid not null unique,
  kind text not null check (kind in ('earn', 'redeem', 'adjust')),
  member_id uuid not null references member,
  seq bigint not null,
  source_id uuid not null,
  booked_at timestamptz not null,
  available_after bigint not null,
  reason text,
  traceparent text,
  unique (member_id, seq)
);
create table posting (
  entry_id bigint not null references journal_entry,
  n smallint not null,
  account text not null,
  member_id uuid references member,
  points bigint not null check (points <> 0),
  primary key (entry_id, n),
  check ((account like 'member.%') = (member_id is not null))
);

-- A statement must insert whole entries: postings of an entry sum to zero within the statement that books them.
create function check_postings_sum_to_zero() returns trigger language plpgsql as $$
declare bad bigint;
begin
  select entry_id into bad from booked group by entry_id having sum(points) <> 0 or count(*) < 2 limit 1;
  if found then
    raise exception 'postings of journal entry % do not sum to zero', bad using errcode = 'check_violation', constraint = 'postings_sum_to_zero';
  end if;
  select b.entry_id into bad from (select entry_id, count(*) as n from booked group by entry_id) b
    where b.n <> (select count(*) from posting p where p.entry_id = b.entry_id) limit 1;
  if found then
    raise exception 'journal entry % was booked before: postings cannot be added to it', bad using errcode = 'check_violation', constraint = 'postings_booked_once';
  end if;
  return null;
end $$;
create trigger posting_sum_to_zero after insert on posting referencing new table as booked
  for each statement execute function check_postings_sum_to_zero();

-- Points that were earned together and expire together. remaining = points less the draws.
create table lot (
  id bigint generated always as identity primary key,
  entry_id bigint not null unique references journal_entry,
  member_id uuid not null references member,
  points bigint not null check (points > 0),
  remaining bigint not null,
  earned_at timestamptz not null,
  expires_at timestamptz,
  check (remaining between 0 and points)
) with (fillfactor = 80);
create index lot_open on lot (member_id, expires_at, id) where remaining > 0;
create table lot_draw (
  entry_id bigint not null references journal_entry,
  lot_id bigint not null references lot,
  points bigint not null check (points > 0),
  primary key (entry_id, lot_id)
);

-- What a transaction earned and why. wallet_version is the member's version after it (the SSE id).
create table award (
  transaction_id uuid primary key references transaction,
  member_id uuid not null references member,
  points bigint not null check (points >= 0),
  entry_id bigint references journal_entry,
  ruleset_version bigint not null,
  receipt jsonb not null,
  wallet_version bigint not null,
  awarded_at timestamptz not null
);
create index award_member on award (member_id, wallet_version);

create table reward (
  id uuid primary key,
  name text not null,
  description text not null default '',
  image_url text,
  points_cost bigint not null check (points_cost > 0),
  stock_remaining bigint constraint reward_stock_not_negative check (stock_remaining >= 0),
  limit_per_member int check (limit_per_member > 0),
  minimum_tier_code text references tier,
  active bool not null default true,
  starts_at timestamptz,
  ends_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
) with (fillfactor = 70);

create table redemption (
  id uuid primary key,
  member_id uuid not null references member,
  reward_id uuid not null references reward,
  points_cost bigint not null check (points_cost > 0),
  status text not null default 'pending' check (status in ('pending', 'completed', 'rejected', 'cancelled')),
  reason text check (reason in ('insufficient_points', 'out_of_stock', 'limit_reached', 'tier_not_eligible', 'reward_inactive', 'member_inactive')),
  voucher_code text unique,
  entry_id bigint references journal_entry,
  wallet_version bigint,
  requested_at timestamptz not null,
  completed_at timestamptz,
  check ((status = 'rejected') = (reason is not null)),
  check ((status = 'pending') = (completed_at is null))
) with (fillfactor = 70);
create index redemption_member on redemption (member_id, id desc);
create index redemption_pending on redemption (requested_at) where status = 'pending';
create index redemption_reward on redemption (reward_id, member_id) where status = 'completed';

-- Events that a consumer has handled: the insert is the first statement of its transaction.
create table inbox (
  consumer text not null,
  event_id uuid not null,
  received_at timestamptz not null default now(),
  primary key (consumer, event_id)
);

-- Events that could not be handled, as they came.
create table dead_letter (
  id uuid primary key,
  consumer text not null,
  event_id uuid not null,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  key bytea,
  headers jsonb not null default '{}',
  payload bytea,
  error_kind text not null,
  error text not null,
  created_at timestamptz not null,
  resolved_at timestamptz,
  resolution text check (resolution in ('requeued', 'skipped')),
  unique (consumer, topic, partition, record_offset)
);
create index dead_letter_open on dead_letter (id desc) where resolved_at is null;
create index dead_letter_event on dead_letter (event_id);

-- How far the reconciler has seen every transaction awarded: all of a lower id are. It starts its next look there.
create table reconciled_up_to (
  one bool primary key default true check (one),
  transaction_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
insert into reconciled_up_to default values;

-- Events that the reconciler has appended again, so that the pause before the next time can grow.
create table reappended_event (
  event_id uuid primary key,
  topic text not null,
  times int not null default 1 check (times > 0),
  last_at timestamptz not null
);
create index on reappended_event (last_at);

-- The first answer to a request that carried an Idempotency-Key, stored with its effect.
create table idempotency_key (
  caller text not null,
  route text not null,
  key text not null,
  request_hash bytea not null,
  status smallint not null,
  headers jsonb not null default '{}',
  body bytea not null,
  created_at timestamptz not null,
  primary key (caller, route, key)
);
create index on idempotency_key (created_at);

create table audit_log (
  id uuid primary key,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('admin', 'merchant', 'member', 'operator', 'system')),
  actor_id text not null,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  request_id text,
  address text
);
create index on audit_log (subject_kind, subject_id, id desc);

create trigger transaction_is_a_record before update or delete on transaction for each row execute function refuse_change();
create trigger earning_rule_version_is_a_record before update or delete on earning_rule_version for each row execute function refuse_change();
create trigger journal_entry_is_a_record before update or delete on journal_entry for each row execute function refuse_change();
create trigger posting_is_a_record before update or delete on posting for each row execute function refuse_change();
create trigger lot_draw_is_a_record before update or delete on lot_draw for each row execute function refuse_change();
create trigger award_is_a_record before update or delete on award for each row execute function refuse_change();
create trigger audit_log_is_a_record before update or delete on audit_log for each row execute function refuse_change();

-- migrate: rollback

drop table audit_log, idempotency_key, reappended_event, reconciled_up_to, dead_letter, inbox, redemption, reward, award, lot_draw, lot, posting, journal_entry,
  rule_budget_usage, rule_member_usage, earning_rule_version, earning_rule, transaction, refresh_token, admin,
  merchant_key, merchant, wallet, member, tier, program cascade;
drop function check_postings_sum_to_zero, refuse_change;

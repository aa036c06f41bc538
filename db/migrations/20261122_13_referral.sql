-- referrals: who brought whom, on what terms, and what became of it
-- depends: 20261122_07b_events 20261122_10d_search

-- migrate: apply

-- What a member gives to friends: 48 random bits, told to nobody but the member. Gone when the member is erased.
alter table member add column referral_code text
  default upper(left(replace(gen_random_uuid()::text, '-', ''), 12));
alter table member add constraint member_referral_code_key unique (referral_code);

-- The code identifies too: the audit log forgets it with the rest.
create or replace function without_identity(state jsonb) returns jsonb language sql immutable parallel safe as $$
  select case when state is null then null else state || coalesce((
    select jsonb_object_agg(key, '(erased)') from jsonb_each(state)
    where key in ('email', 'name', 'external_id', 'birth_date', 'referral_code') and value <> 'null'), '{}') end
$$;

-- One row: when a referral is completed, and how many of them a member is rewarded for. Money is in the program's currency.
create table referral_terms (
  one bool primary key default true check (one),
  purchases int not null default 1 check (purchases between 1 and 100),
  minimum_amount_minor bigint not null default 0 check (minimum_amount_minor >= 0),
  within_days int not null default 90 check (within_days between 1 and 365),
  wait_days int not null default 0 check (wait_days between 0 and 90),
  limit_per_referrer int check (limit_per_referrer > 0),
  limit_period text not null default 'ever' check (limit_period in ('day', 'week', 'month', 'year', 'ever'))
);
insert into referral_terms default values;

-- A member who came by another's code. The purchase is the one that completed it.
create table referral (
  referred_id uuid primary key references member,
  referrer_id uuid not null references member,
  status text not null default 'open' check (status in ('open', 'completed', 'over_limit', 'lapsed')),
  transaction_id uuid references transaction,
  referred_at timestamptz not null,
  settled_at timestamptz,
  check (referrer_id <> referred_id),
  check ((status = 'open') = (settled_at is null)),
  check ((status in ('completed', 'over_limit')) = (transaction_id is not null))
);
create index referral_open on referral (referred_at) where status = 'open';
create index referral_referrer on referral (referrer_id, settled_at) where status = 'completed';
create index referral_of on referral (referrer_id, referred_id desc);

-- The two sides are custom events that Laurel itself records: rules award them as they award any other.
insert into event_type (code, name, fields, created_at) values
  ('referral.referrer', 'A friend came and bought', '[{"name": "amount", "type": "number"}, {"name": "friends", "type": "number"}]', now()),
  ('referral.referred', 'Came by a friend and bought', '[{"name": "amount", "type": "number"}]', now())
on conflict do nothing;

-- migrate: rollback

drop table referral, referral_terms;
create or replace function without_identity(state jsonb) returns jsonb language sql immutable parallel safe as $$
  select case when state is null then null else state || coalesce((
    select jsonb_object_agg(key, '(erased)') from jsonb_each(state)
    where key in ('email', 'name', 'external_id', 'birth_date') and value <> 'null'), '{}') end
$$;
alter table member drop column referral_code;
delete from event_type where code in ('referral.referrer', 'referral.referred')
  and not exists (select from member_event where event_type = event_type.code);

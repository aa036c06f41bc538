-- redemptions that hold points, wait for a partner, are cancelled; uploaded voucher codes; limits by period
-- depends: 20261122_06b_refunds

-- migrate: apply

-- limit_per_member counts in limit_period. confirm_seconds: a partner confirms within so many, else the points come back.
alter table reward
  add column limit_period text not null default 'ever' check (limit_period in ('day', 'week', 'month', 'year', 'ever')),
  add column voucher_source text not null default 'generated' check (voucher_source in ('generated', 'uploaded')),
  add column confirm_seconds int check (confirm_seconds > 0),
  add column partner_id uuid references merchant,
  add constraint reward_partner_confirms check (partner_id is null or confirm_seconds is not null),
  add constraint reward_partner_has_the_codes check (confirm_seconds is null or voucher_source = 'generated');

-- hold_entry_id: holds the points until the outcome; returned_entry_id: gave them back. reserved: a partner is to confirm.
alter table redemption
  add column hold_entry_id bigint references journal_entry,
  add column returned_entry_id bigint references journal_entry,
  add column decided_at timestamptz,
  add column reserved_until timestamptz,
  add column cancelled_at timestamptz,
  add column cancel_reason text,
  drop constraint redemption_status_check,
  drop constraint redemption_voucher_code_key,
  drop constraint redemption_check1,
  add constraint redemption_status_check
    check (status in ('pending', 'reserved', 'completed', 'rejected', 'cancelled')),
  add constraint redemption_voucher_code_key unique (reward_id, voucher_code),
  add constraint redemption_decided check ((status in ('pending', 'reserved')) = (completed_at is null)),
  add constraint redemption_cancelled check ((status = 'cancelled') = (cancelled_at is not null)),
  add constraint redemption_reserved check (status <> 'reserved' or (reserved_until is not null and hold_entry_id is not null));
update redemption set decided_at = completed_at where completed_at is not null;
drop index redemption_reward;
create index redemption_reward on redemption (reward_id, member_id, decided_at) where status in ('completed', 'reserved');
create index redemption_reserved_until on redemption (reserved_until) where status = 'reserved';

-- Codes that a reward hands out, each once. One that was handed out is never handed out again.
create table voucher (
  reward_id uuid not null references reward,
  code text not null,
  uploaded_at timestamptz not null,
  redemption_id uuid unique references redemption,
  primary key (reward_id, code)
);
create index voucher_free on voucher (reward_id, uploaded_at, code) where redemption_id is null;

-- When the period that `at` is in began, by the calendar of a time zone.
create function period_start(period text, at timestamptz, time_zone text) returns timestamptz
language sql stable parallel safe as $$
  select case when period = 'ever' then '-infinity'::timestamptz
    else date_trunc(period, at at time zone time_zone) at time zone time_zone end
$$;

-- migrate: rollback

drop function period_start;
drop table voucher;
drop index redemption_reserved_until, redemption_reward;
create index redemption_reward on redemption (reward_id, member_id) where status = 'completed';
alter table redemption
  drop constraint redemption_reserved, drop constraint redemption_cancelled, drop constraint redemption_decided,
  drop constraint redemption_voucher_code_key, drop constraint redemption_status_check,
  drop column hold_entry_id, drop column returned_entry_id, drop column decided_at, drop column reserved_until,
  drop column cancelled_at, drop column cancel_reason,
  add constraint redemption_status_check check (status in ('pending', 'completed', 'rejected', 'cancelled')),
  add constraint redemption_voucher_code_key unique (voucher_code),
  add constraint redemption_check1 check ((status = 'pending') = (completed_at is null));
alter table reward drop constraint reward_partner_has_the_codes, drop constraint reward_partner_confirms,
  drop column limit_period, drop column voucher_source, drop column confirm_seconds, drop column partner_id;

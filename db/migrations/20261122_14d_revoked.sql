-- referrals that are taken back, and awards of custom events that are
-- depends: 20261122_14c_reports

-- migrate: apply

-- The events by which both sides were rewarded, and what was asked of the purchase then: less than that is left of it
-- since broken_at. Referrals that were settled before this are left as they are.
alter table referral
  drop constraint referral_status_check, drop constraint referral_check2,
  add constraint referral_status_check check (status in ('open', 'completed', 'over_limit', 'lapsed', 'revoked')),
  add constraint referral_has_its_purchase
    check ((status in ('completed', 'over_limit', 'revoked')) = (transaction_id is not null)),
  add column asked_minor bigint,
  add column referrer_event_id uuid references member_event,
  add column referred_event_id uuid references member_event,
  add column broken_at timestamptz,
  add column revoked_at timestamptz,
  add constraint referral_revoked check ((status = 'revoked') = (revoked_at is not null));
create index referral_purchase on referral (transaction_id) where status = 'completed';
create index referral_broken on referral (broken_at) where status = 'completed' and broken_at is not null;

-- What was taken back of the award of a custom event. counted_seq: its place among these awards, at which limits got back
-- what it took.
create table event_reversal (
  id uuid primary key,
  event_id uuid not null unique references event_award,
  member_id uuid not null references member,
  points_due bigint not null check (points_due >= 0),
  points_reversed bigint not null check (points_reversed between 0 and points_due),
  points_owed bigint not null check (points_owed between 0 and points_reversed),
  points_lapsed bigint not null check (points_lapsed between 0 and points_due - points_reversed),
  entry_id bigint references journal_entry,
  wallet_version bigint not null,
  counted_seq bigint not null unique,
  reversed_at timestamptz not null,
  check ((points_reversed > 0) = (entry_id is not null))
);
create index event_reversal_member on event_reversal (member_id);
create trigger event_reversal_is_a_record before update or delete on event_reversal
  for each row execute function refuse_change();

-- migrate: rollback

drop table event_reversal;
update referral set status = 'completed', revoked_at = null where status = 'revoked';
alter table referral
  drop constraint referral_revoked, drop constraint referral_has_its_purchase, drop constraint referral_status_check,
  drop column asked_minor, drop column referrer_event_id, drop column referred_event_id, drop column broken_at,
  drop column revoked_at,
  add constraint referral_status_check check (status in ('open', 'completed', 'over_limit', 'lapsed')),
  add constraint referral_check2 check ((status in ('completed', 'over_limit')) = (transaction_id is not null));

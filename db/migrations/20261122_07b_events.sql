-- custom events: what members do that is no purchase, and what it earned
-- depends: 20261122_07_rules

-- migrate: apply

-- fields: [{name, type: number | text | boolean, required}].
create table event_type (
  code text primary key check (code ~ '^[a-z][a-z0-9_.]{0,59}$'),
  name text not null,
  fields jsonb not null default '[]',
  created_at timestamptz not null
);

-- What a member did, as it was recorded, never changed. Whether it was awarded is told by event_award.
create table member_event (
  id uuid primary key,
  member_id uuid not null references member,
  merchant_id uuid not null references merchant,
  event_type text not null references event_type,
  external_id text,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  fields jsonb not null default '{}',
  content_hash bytea not null,
  constraint member_event_external_id_key unique (merchant_id, external_id)
);
create index member_event_member on member_event (member_id, id desc);

create table event_award (
  event_id uuid primary key references member_event,
  member_id uuid not null references member,
  points bigint not null check (points >= 0),
  entry_id bigint references journal_entry,
  ruleset_version bigint not null,
  receipt jsonb not null,
  wallet_version bigint not null,
  awarded_at timestamptz not null,
  seq bigint generated always as identity unique
);
create index event_award_member on event_award (member_id, wallet_version);

create trigger member_event_is_a_record before update or delete on member_event for each row execute function refuse_change();
create trigger event_award_is_a_record before update or delete on event_award for each row execute function refuse_change();

-- migrate: rollback

drop table event_award, member_event, event_type;

-- points that members give each other
-- depends: 20261122_06c_redemptions

-- migrate: apply

create table transfer (
  id uuid primary key,
  from_member_id uuid not null references member,
  to_member_id uuid not null references member,
  points bigint not null check (points > 0),
  note text,
  sent_entry_id bigint not null unique references journal_entry,
  received_entry_id bigint not null unique references journal_entry,
  transferred_at timestamptz not null,
  check (from_member_id <> to_member_id)
);
create index transfer_sent on transfer (from_member_id, transferred_at);
create index transfer_received on transfer (to_member_id, id desc);
create trigger transfer_is_a_record before update or delete on transfer for each row execute function refuse_change();

-- migrate: rollback

drop table transfer;

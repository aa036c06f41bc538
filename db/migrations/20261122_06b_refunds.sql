-- refunds of purchases, and what they took back
-- depends: 20261122_06_points

-- migrate: apply

-- Money given back for a purchase. parts: the lines it was for, [{line, quantity, amount_minor}]; none: the purchase as a
-- whole. The columns from points_due on are what the worker made of it: of points_due, points_lapsed had expired unspent,
-- points_reversed were taken back, points_owed of these had been spent before, and the rest was let go by the policy.
create table refund (
  id uuid primary key,
  transaction_id uuid not null references transaction,
  member_id uuid not null references member,
  merchant_id uuid not null references merchant,
  seq int not null check (seq > 0),
  external_id text,
  amount_minor bigint not null check (amount_minor >= 0),
  parts jsonb not null default '[]',
  reason text not null,
  content_hash bytea not null,
  refunded_at timestamptz not null,
  points_due bigint check (points_due >= 0),
  points_reversed bigint check (points_reversed between 0 and points_due),
  points_owed bigint check (points_owed between 0 and points_reversed),
  points_lapsed bigint check (points_lapsed between 0 and points_due - points_reversed),
  entry_id bigint references journal_entry,
  wallet_version bigint,
  reversed_at timestamptz,
  constraint refund_seq_key unique (transaction_id, seq),
  constraint refund_external_id_key unique (merchant_id, external_id),
  check (num_nulls(points_due, points_reversed, points_owed, points_lapsed, wallet_version, reversed_at) in (0, 6)),
  check ((entry_id is not null) = (coalesce(points_reversed, 0) > 0))
);
create index refund_open on refund (refunded_at) where reversed_at is null;
create index refund_member on refund (member_id, id desc);
create index refund_refunded_at on refund using brin (refunded_at) with (pages_per_range = 32);

-- What was refunded is a record; what the worker makes of it is written once.
create function refuse_change_of_refund() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.reversed_at is not null
    or (old.id, old.transaction_id, old.member_id, old.merchant_id, old.seq, old.external_id, old.amount_minor, old.parts,
        old.reason, old.refunded_at) is distinct from
       (new.id, new.transaction_id, new.member_id, new.merchant_id, new.seq, new.external_id, new.amount_minor, new.parts,
        new.reason, new.refunded_at) then
    raise exception '% of % is refused: its rows are a record', tg_op, tg_table_name using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger refund_is_a_record before update or delete on refund for each row execute function refuse_change_of_refund();

-- migrate: rollback

drop table refund;
drop function refuse_change_of_refund;

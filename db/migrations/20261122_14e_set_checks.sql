-- what the ledger's rows refer to, checked for a whole statement at once
-- depends: 20261122_14d_revoked

-- migrate: apply

-- A foreign key asks for each row, by a query of its own: for an award ten times. The triggers below ask once for all
-- rows of a statement, and for more: that the postings, lots, draws and award of an entry are of its member. What is
-- referred to is a record and is never removed, so nothing has to be locked. The scalar subqueries keep the plan to one
-- look into an index for each row, whatever was known of the tables when it was made.
create function check_entries() returns trigger language plpgsql set enable_seqscan = off as $$
declare bad bigint;
begin
  select b.id into bad from booked b where (select true from member m where m.id = b.member_id) is null limit 1;
  if found then
    raise exception 'journal entry % is of no member', bad
      using errcode = 'foreign_key_violation', constraint = 'journal_entry_member_id_fkey', table = 'journal_entry';
  end if;
  return null;
end $$;

-- Postings of an entry come in one statement, numbered from 1: so whoever adds to an entry later repeats a number or
-- leaves out the 1.
create or replace function check_postings_sum_to_zero() returns trigger language plpgsql set enable_seqscan = off as $$
declare bad bigint; is_late bool;
begin
  select entry_id, min(n) <> 1 into bad, is_late from booked
    group by entry_id having sum(points) <> 0 or count(*) < 2 or min(n) <> 1 limit 1;
  if found and is_late then
    raise exception 'journal entry % was booked before: postings cannot be added to it', bad
      using errcode = 'check_violation', constraint = 'postings_booked_once';
  elsif found then
    raise exception 'postings of journal entry % do not sum to zero', bad
      using errcode = 'check_violation', constraint = 'postings_sum_to_zero';
  end if;
  select b.entry_id into bad from booked b
    where (select b.member_id is null or b.member_id = e.member_id from journal_entry e where e.id = b.entry_id)
      is not true limit 1;
  if found then
    raise exception 'a posting is of no journal entry, or of another member than entry %', bad
      using errcode = 'foreign_key_violation', constraint = 'posting_entry_id_fkey', table = 'posting';
  end if;
  return null;
end $$;

create function check_lots() returns trigger language plpgsql set enable_seqscan = off as $$
declare bad bigint;
begin
  select b.entry_id into bad from booked b
    where (select b.member_id = e.member_id from journal_entry e where e.id = b.entry_id) is not true limit 1;
  if found then
    raise exception 'a lot is of no journal entry, or of another member than entry %', bad
      using errcode = 'foreign_key_violation', constraint = 'lot_entry_id_fkey', table = 'lot';
  end if;
  return null;
end $$;

create function check_draws() returns trigger language plpgsql set enable_seqscan = off as $$
declare bad bigint;
begin
  select b.entry_id into bad from booked b
    where (select e.member_id from journal_entry e where e.id = b.entry_id)
      is distinct from (select l.member_id from lot l where l.id = b.lot_id)
      or (select true from lot l where l.id = b.lot_id) is null
    limit 1;
  if found then
    raise exception 'entry % draws on no lot, or on one of another member', bad
      using errcode = 'foreign_key_violation', constraint = 'lot_draw_lot_id_fkey', table = 'lot_draw';
  end if;
  return null;
end $$;

create function check_awards() returns trigger language plpgsql set enable_seqscan = off as $$
declare bad uuid;
begin
  select b.transaction_id into bad from booked b
    where (select b.member_id = t.member_id from transaction t where t.id = b.transaction_id) is not true
      or (b.entry_id is not null and (
        select b.member_id = e.member_id and b.transaction_id = e.source_id from journal_entry e where e.id = b.entry_id
      ) is not true)
    limit 1;
  if found then
    raise exception 'the award of transaction % is of another member, or its entry of another transaction', bad
      using errcode = 'foreign_key_violation', constraint = 'award_transaction_id_fkey', table = 'award';
  end if;
  return null;
end $$;

create trigger journal_entry_refers after insert on journal_entry referencing new table as booked
  for each statement execute function check_entries();
create trigger lot_refers after insert on lot referencing new table as booked
  for each statement execute function check_lots();
create trigger lot_draw_refers after insert on lot_draw referencing new table as booked
  for each statement execute function check_draws();
create trigger award_refers after insert on award referencing new table as booked
  for each statement execute function check_awards();

-- Entries, transactions and awards are records already. Members are erased, not removed; lots are used up.
create function refuse_removal() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: what refers to it would refer to nothing', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;
create trigger member_stays before delete or update of id on member for each row execute function refuse_removal();
create trigger lot_stays before delete or update of id, entry_id, member_id on lot
  for each row execute function refuse_removal();

alter table journal_entry alter constraint journal_entry_member_id_fkey not enforced;
alter table posting alter constraint posting_entry_id_fkey not enforced;
alter table posting alter constraint posting_member_id_fkey not enforced;
alter table lot alter constraint lot_entry_id_fkey not enforced;
alter table lot alter constraint lot_member_id_fkey not enforced;
alter table lot_draw alter constraint lot_draw_entry_id_fkey not enforced;
alter table lot_draw alter constraint lot_draw_lot_id_fkey not enforced;
alter table award alter constraint award_transaction_id_fkey not enforced;
alter table award alter constraint award_member_id_fkey not enforced;
alter table award alter constraint award_entry_id_fkey not enforced;

-- migrate: rollback

alter table journal_entry alter constraint journal_entry_member_id_fkey enforced;
alter table posting alter constraint posting_entry_id_fkey enforced;
alter table posting alter constraint posting_member_id_fkey enforced;
alter table lot alter constraint lot_entry_id_fkey enforced;
alter table lot alter constraint lot_member_id_fkey enforced;
alter table lot_draw alter constraint lot_draw_entry_id_fkey enforced;
alter table lot_draw alter constraint lot_draw_lot_id_fkey enforced;
alter table award alter constraint award_transaction_id_fkey enforced;
alter table award alter constraint award_member_id_fkey enforced;
alter table award alter constraint award_entry_id_fkey enforced;
drop trigger member_stays on member;
drop trigger lot_stays on lot;
drop trigger journal_entry_refers on journal_entry;
drop trigger lot_refers on lot;
drop trigger lot_draw_refers on lot_draw;
drop trigger award_refers on award;
drop function refuse_removal, check_entries, check_lots, check_draws, check_awards;
create or replace function check_postings_sum_to_zero() returns trigger language plpgsql as $$
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

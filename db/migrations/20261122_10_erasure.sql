-- erasing a member: what identifies them goes, from records too, and nothing else of a record can change
-- depends: 20261122_06d_transfers

-- migrate: apply

alter table member add column erased_at timestamptz;

-- A state in the audit log without what identifies a member: that it was there stays to be seen, not what it was.
create function without_identity(state jsonb) returns jsonb language sql immutable parallel safe as $$
  select case when state is null then null else state || coalesce((
    select jsonb_object_agg(key, '(erased)') from jsonb_each(state)
    where key in ('email', 'name', 'external_id', 'birth_date') and value <> 'null'), '{}') end
$$;

-- A row of the audit log changes in one way only: it forgets who a member was and the address they came from.
create function refuse_change_of_audit_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE'
    or (new.before, new.after) is distinct from (old.before, old.after)
      and (old.subject_kind <> 'member'
        or (new.before, new.after) is distinct from (without_identity(old.before), without_identity(old.after)))
    or new.address is distinct from old.address and (old.actor_kind <> 'member' or new.address is not null)
    or (to_jsonb(new) - '{before,after,address}'::text[]) is distinct from (to_jsonb(old) - '{before,after,address}'::text[])
  then
    raise exception '% of % is refused: its rows are a record', tg_op, tg_table_name using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
drop trigger audit_log_is_a_record on audit_log;
create trigger audit_log_is_a_record before update or delete on audit_log
  for each row execute function refuse_change_of_audit_log();

-- A transfer changes in one way only: what the giver wrote is forgotten.
create function refuse_change_of_transfer() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or new.note is not null or (to_jsonb(new) - 'note') is distinct from (to_jsonb(old) - 'note') then
    raise exception '% of % is refused: its rows are a record', tg_op, tg_table_name using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
drop trigger transfer_is_a_record on transfer;
create trigger transfer_is_a_record before update or delete on transfer
  for each row execute function refuse_change_of_transfer();

-- migrate: rollback

drop trigger transfer_is_a_record on transfer;
create trigger transfer_is_a_record before update or delete on transfer for each row execute function refuse_change();
drop trigger audit_log_is_a_record on audit_log;
create trigger audit_log_is_a_record before update or delete on audit_log for each row execute function refuse_change();
drop function refuse_change_of_transfer, refuse_change_of_audit_log, without_identity;
alter table member drop column erased_at;

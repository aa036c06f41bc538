-- the hash chain over the journal, sealed after the fact
-- depends: 20261122_03_admin

-- migrate: apply

-- hash = sha256(hash of the seal before, or 32 zero bytes || the entry as a line of text: docs/proof.md has it byte by
-- byte). No foreign key on purpose: a seal tells of its entry even when someone has removed that.
create table journal_seal (
  entry_id bigint primary key,
  hash bytea not null check (length(hash) = 32)
);
create trigger journal_seal_is_a_record before update or delete on journal_seal for each row execute function refuse_change();

-- migrate: rollback

drop table journal_seal;

-- members found as one types, in the order of what they are found by
-- depends: 20261122_14e_set_checks 20261122_10d_search

-- migrate: apply

-- A search reads one page of one of these from where the page before ended, however many members begin so. "C" is the
-- order of bytes: what begins with a text is then a range, whatever the database's own collation.
create index member_by_name on member ((lower(name) collate "C"), id);
create index member_by_last_word on member ((lower(split_part(name, ' ', -1)) collate "C"), id);
create index member_by_email on member ((lower(email) collate "C"), id);
create index member_by_external_id on member ((external_id collate "C"), id);
drop index member_name_prefix, member_email_prefix, member_external_id_prefix;

-- Lists by standing and tier, newest first. Nearly all are active: those are found by going through all.
create index member_not_active on member (status, id) where status <> 'active';
create index member_by_tier on member (tier_code, id);

-- migrate: rollback

drop index member_by_name, member_by_last_word, member_by_email, member_by_external_id, member_not_active,
  member_by_tier;
create index member_name_prefix on member (lower(name) text_pattern_ops);
create index member_email_prefix on member (lower(email) text_pattern_ops);
create index member_external_id_prefix on member (external_id text_pattern_ops);

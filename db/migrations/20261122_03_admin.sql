-- indexes that the Admin API's searches, lists and reports read by
-- depends: 20261122_01_core

-- migrate: apply

create index member_name_prefix on member (lower(name) text_pattern_ops);
create index member_email_prefix on member (lower(email) text_pattern_ops);
create index member_external_id_prefix on member (external_id text_pattern_ops);
create index transaction_merchant on transaction (merchant_id, id desc);
create index redemption_reward_all on redemption (reward_id, id desc);
create index audit_log_actor on audit_log (actor_id, id desc);

-- Times that grow with the rows: a block range index is a few pages whatever the table's size.
create index journal_entry_booked_at on journal_entry using brin (booked_at) with (pages_per_range = 32);
create index transaction_recorded_at on transaction using brin (recorded_at) with (pages_per_range = 32);
create index redemption_requested_at on redemption using brin (requested_at) with (pages_per_range = 32);
create index redemption_completed_at on redemption using brin (completed_at) with (pages_per_range = 32);
create index member_created_at on member using brin (created_at) with (pages_per_range = 32);

-- migrate: rollback

drop index member_name_prefix, member_email_prefix, member_external_id_prefix, transaction_merchant,
  redemption_reward_all, audit_log_actor, journal_entry_booked_at, transaction_recorded_at, redemption_requested_at,
  redemption_completed_at, member_created_at;

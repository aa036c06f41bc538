-- vouchers: which upload and which line of it a code came by
-- depends: 20261122_13_referral

-- migrate: apply

-- Null for codes from before. Codes of one upload are handed out in the order in which it gave them.
alter table voucher add column upload_id uuid, add column upload_line bigint check (upload_line > 0);
create index voucher_next on voucher (reward_id, uploaded_at, upload_line, code) where redemption_id is null;
drop index voucher_free;

-- migrate: rollback

create index voucher_free on voucher (reward_id, uploaded_at, code) where redemption_id is null;
drop index voucher_next;
alter table voucher drop column upload_id, drop column upload_line;

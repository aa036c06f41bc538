-- name: member_erased_at$
-- When a member was erased, if they were.
select erased_at from member where id = :member_id;

-- name: erase_identity!
-- What identifies a member, gone from their own row.
update member set status = 'erased', erased_at = :at, external_id = null, email = null, name = null,
  password_hash = null, birth_date = null, referral_code = null
where id = :member_id;

-- name: erase_sessions!
-- A member's refresh tokens: no session goes on.
delete from refresh_token where subject_kind = 'member' and subject_id = :member_id;

-- name: erase_answers!
-- Answers that were kept for a member's retries.
delete from idempotency_key where caller = 'member:' || :member_id::uuid;

-- name: erase_transfer_notes!
-- What was written with points that a member gave or got.
update transfer set note = null where (from_member_id = :member_id or to_member_id = :member_id) and note is not null;

-- name: erase_from_audit_log!
-- Who a member was, from the changes made to them and by them.
update audit_log
set before = case when subject_kind = 'member' then without_identity(before) else before end,
  after = case when subject_kind = 'member' then without_identity(after) else after end,
  address = case when actor_kind = 'member' then null else address end
where (subject_kind = 'member' and subject_id = :member_id::uuid::text)
  or (actor_kind = 'member' and actor_id = :member_id::uuid::text);

-- name: member_password_hash$
-- What a member's password is compared with before something that cannot be taken back.
select password_hash from member where id = :member_id and status = 'active';

-- name: lock_profile^
-- A member's profile that is about to change.
select id as member_id, external_id, email, name, status, tier_code, created_at, birth_date, referral_code from member
where id = :member_id for no key update;

-- name: update_profile!
-- All that members and operators can change of a member.
update member set email = :email, name = :name, birth_date = :birth_date, external_id = :external_id, status = :status
where id = :member_id;

-- name: set_member_password!
-- A member's new password, hashed.
update member set password_hash = :password_hash where id = :member_id;

-- name: revoke_member_sessions!
-- Ends every session of a member.
update refresh_token set revoked_at = :at
where subject_kind = 'member' and subject_id = :member_id and revoked_at is null;

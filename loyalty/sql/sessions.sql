-- name: insert_refresh_token!
-- A refresh token, hashed.
insert into refresh_token (token_hash, family_id, subject_kind, subject_id, issued_at, expires_at)
values (:token_hash, :family_id, :subject_kind, :subject_id, :issued_at, :expires_at);

-- name: lock_refresh_token^
-- A refresh token, held so that of two uses at once one is the second.
select family_id, subject_id, expires_at, used_at, revoked_at from refresh_token
where token_hash = :token_hash and subject_kind = :subject_kind for update;

-- name: use_refresh_token!
-- A refresh token was used.
update refresh_token set used_at = :at where token_hash = :token_hash;

-- name: revoke_refresh_family!
-- Ends a session: none of its tokens is good any more.
update refresh_token set revoked_at = :at where family_id = :family_id and revoked_at is null;

-- name: delete_refresh_tokens$
-- Forgets refresh tokens that expired before a time, at most row_limit of them; the number forgotten.
with old as (
  select token_hash from refresh_token where expires_at < :before limit :row_limit for update skip locked
), gone as (
  delete from refresh_token t using old where t.token_hash = old.token_hash returning 1
)
select count(*) from gone;

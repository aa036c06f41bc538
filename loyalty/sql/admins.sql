-- name: insert_admin!
-- A new administrator.
insert into admin (id, email, name, role, password_hash, active, created_at)
values (:admin_id, :email, :name, :role, :password_hash, true, :at);

-- name: lock_admins!
-- Takes turns with others who change administrators: who counts the last one must count alone.
lock table admin in share row exclusive mode;

-- name: admin_by_id^
-- An administrator without the password's hash.
select id as admin_id, email, name, role, active, created_at from admin where id = :admin_id;

-- name: admin_by_email^
-- An administrator without the password's hash, by email in any case.
select id as admin_id, email, name, role, active, created_at from admin where lower(email) = lower(:email);

-- name: admin_secret_by_email^
-- What a login compares, one row also without such an administrator: the only query that reads the password's hash.
select lower(:email) as account, id as admin_id, password_hash, active
from (values (true)) asked left join admin on lower(email) = lower(:email);

-- name: update_admin!
-- All that can change of an administrator; the password's hash only when a new one is given.
update admin set name = :name, role = :role, active = :active, password_hash = coalesce(:password_hash, password_hash)
where id = :admin_id;

-- name: active_admins_but$
-- How many others could still manage administrators.
select count(*) from admin where role = 'admin' and active and id <> :admin_id;

-- name: list_admins
-- A page of administrators, newest first.
select id as admin_id, email, name, role, active, created_at from admin
where (:before_id::uuid is null or id < :before_id) order by id desc limit :limit;

-- name: revoke_admin_sessions!
-- Ends every session of an administrator.
update refresh_token set revoked_at = :at
where subject_kind = 'admin' and subject_id = :admin_id and revoked_at is null;

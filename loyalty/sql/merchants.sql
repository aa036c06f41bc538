-- name: insert_merchant!
-- A new merchant.
insert into merchant (id, external_id, name, active, created_at) values (:merchant_id, :external_id, :name, true, :at);

-- name: merchant_by_id^
-- A merchant.
select id as merchant_id, external_id, name, active, created_at from merchant where id = :merchant_id;

-- name: lock_merchants!
-- Nobody else takes on a merchant until this transaction ends.
lock table merchant in share row exclusive mode;

-- name: merchant_by_external_id^
-- The merchant whom another system calls so.
select id as merchant_id, external_id, name, active, created_at from merchant where external_id = :external_id;

-- name: lock_merchant^
-- A merchant that is about to change.
select id as merchant_id, external_id, name, active, created_at from merchant where id = :merchant_id for no key update;

-- name: update_merchant!
-- All that can change of a merchant.
update merchant set external_id = :external_id, name = :name, active = :active where id = :merchant_id;

-- name: list_merchants
-- A page of merchants, newest first.
select id as merchant_id, external_id, name, active, created_at from merchant
where (:active::bool is null or active = :active) and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: insert_merchant_key!
-- A key: its secret is stored as a SHA-256 only.
insert into merchant_key (id, merchant_id, prefix, secret_hash, scopes, created_at)
values (:key_id, :merchant_id, :prefix, :secret_hash, :scopes, :at);

-- name: lock_merchant_key^
-- A key that is about to be rotated or revoked.
select id as key_id, merchant_id, prefix, scopes, created_at, revoked_at from merchant_key
where merchant_id = :merchant_id and id = :key_id for no key update;

-- name: list_merchant_keys
-- A page of a merchant's keys, newest first, without their hashes.
select id as key_id, merchant_id, prefix, scopes, created_at, revoked_at from merchant_key
where merchant_id = :merchant_id and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: revoke_merchant_key!
-- Ends a key at a time, which may lie ahead; an earlier end stays.
update merchant_key set revoked_at = least(revoked_at, :revoked_at) where id = :key_id;

-- name: merchant_key_by_prefix^
-- What a request with a key is checked against: the only query that reads the secret's hash.
select k.id as key_id, k.merchant_id, k.secret_hash, k.scopes, k.revoked_at, m.active as merchant_active
from merchant_key k join merchant m on m.id = k.merchant_id where k.prefix = :prefix;

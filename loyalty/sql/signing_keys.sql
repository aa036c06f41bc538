-- name: insert_signing_key!
-- A key that verifies a merchant's receipts.
insert into merchant_signing_key (id, merchant_id, algorithm, public_key, created_at)
values (:key_id, :merchant_id, :algorithm, :public_key, :at);

-- name: signing_key_by_id^
-- The key that a receipt names.
select id as key_id, merchant_id, algorithm, public_key, created_at, revoked_at from merchant_signing_key
where id = :key_id;

-- name: lock_signing_key^
-- A merchant's key that is about to be rotated or revoked.
select id as key_id, merchant_id, algorithm, public_key, created_at, revoked_at from merchant_signing_key
where merchant_id = :merchant_id and id = :key_id for no key update;

-- name: list_signing_keys
-- A page of a merchant's signing keys, newest first.
select id as key_id, merchant_id, algorithm, public_key, created_at, revoked_at from merchant_signing_key
where merchant_id = :merchant_id and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;

-- name: revoke_signing_key!
-- Ends a key at a time, which may lie ahead; an earlier end stays.
update merchant_signing_key set revoked_at = least(revoked_at, :revoked_at) where id = :key_id;

-- name: count_valid_signing_keys$
-- How many keys of a merchant verify receipts at a time.
select count(*) from merchant_signing_key
where merchant_id = :merchant_id and (revoked_at is null or revoked_at > :at);

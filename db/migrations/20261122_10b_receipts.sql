-- keys with which merchants sign receipts
-- depends: 20261122_10_erasure

-- migrate: apply

-- public_key is a JWK (RFC 7517); the private half is nowhere here. Several are valid at once, so that one can follow
-- another without a gap. revoked_at may lie ahead.
create table merchant_signing_key (
  id uuid primary key,
  merchant_id uuid not null references merchant,
  algorithm text not null check (algorithm in ('ES256', 'Ed25519')),
  public_key jsonb not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index on merchant_signing_key (merchant_id, id desc);

-- migrate: rollback

drop table merchant_signing_key;

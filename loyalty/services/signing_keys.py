"""Merchants' signing keys: taken on, replaced, revoked. The private half is never stored.

A revoked key verifies nothing, however old the receipt says it is: who has a stolen key writes any time into it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.merchants import KeyRevoked
from loyalty.store import merchants, signing_keys
from loyalty.store.database import Connection
from schemas.admin.signing_keys import (
    Algorithm,
    Jwk,
    MadeSigningKey,
    NewSigningKey,
    PublicJwk,
    RotateSigningKey,
    SigningKey,
)

VALID_KEYS_LIMIT = 10


class TooManySigningKeys(Conflict):
    """This merchant has as many valid signing keys as it may have: revoke one first."""

    code = "too_many_signing_keys"
    members = having(limit=int)


async def add_key(
    conn: Connection,
    merchant_id: UUID,
    command: NewSigningKey,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
) -> MadeSigningKey:
    """Raises NotFound, TooManySigningKeys, and Invalid for a public key that is none."""
    await merchants.lock_merchant(conn, merchant_id)
    at = clock()
    if await signing_keys.count_valid(conn, merchant_id, at) >= VALID_KEYS_LIMIT:
        raise TooManySigningKeys(limit=VALID_KEYS_LIMIT)
    made = _new_key(merchant_id, make_id(), command.public_key, at)
    key = SigningKey(**made.model_dump(exclude={"private_key"}))
    await signing_keys.insert(conn, key)
    await record_change(conn, _change("signing_key.added", None, key), actor, at)
    return made


async def rotate_key(
    conn: Connection,
    merchant_id: UUID,
    key_id: UUID,
    command: RotateSigningKey,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
) -> MadeSigningKey:
    """A new key, made or given; the old one ends after the overlap. Raises NotFound, KeyRevoked."""
    old, at = await signing_keys.lock(conn, merchant_id, key_id), clock()
    if old.revoked_at is not None:
        raise KeyRevoked(revoked_at=old.revoked_at.isoformat())
    await _end(conn, old, at + timedelta(seconds=command.overlap_seconds), actor, at)
    made = _new_key(merchant_id, make_id(), command.public_key, at)
    key = SigningKey(**made.model_dump(exclude={"private_key"}))
    await signing_keys.insert(conn, key)
    await record_change(conn, _change("signing_key.added", None, key), actor, at)
    return made


async def revoke_key(conn: Connection, merchant_id: UUID, key_id: UUID, actor: Actor, clock: Clock) -> SigningKey:
    """The key verifies nothing from now on. One that is revoked stays so. Raises NotFound."""
    key, at = await signing_keys.lock(conn, merchant_id, key_id), clock()
    if key.revoked_at is not None and key.revoked_at <= at:
        return key
    return await _end(conn, key, at, actor, at)


def _new_key(merchant_id: UUID, key_id: UUID, given: PublicJwk | None, at: datetime) -> MadeSigningKey:
    public, private = _made(key_id) if given is None else (_checked(given), None)
    algorithm: Algorithm = "ES256" if public["kty"] == "EC" else "Ed25519"
    return MadeSigningKey(
        key_id=key_id,
        merchant_id=merchant_id,
        algorithm=algorithm,
        public_key=public,
        created_at=at,
        revoked_at=None,
        private_key=private and {**private, "alg": algorithm, "kid": str(key_id)},
    )


def _made(key_id: UUID) -> tuple[Jwk, Jwk]:
    key = OKPKey.generate_key("Ed25519")
    return dict(key.as_dict(private=False)), dict(key.as_dict(private=True))


def _checked(given: PublicJwk) -> Jwk:
    """The key as a JWK. Raises Invalid when it is not a point of its curve."""
    jwk = given.model_dump(exclude_none=True)
    try:
        key = import_key(jwk)
        assert isinstance(key, ECKey | OKPKey)
        _ = key.public_key
    except (JoseError, ValueError) as error:
        raise Invalid([("/public_key", "This is not a public key on that curve")]) from error
    return jwk


async def _end(conn: Connection, key: SigningKey, ends_at: datetime, actor: Actor, at: datetime) -> SigningKey:
    ended = key.model_copy(update={"revoked_at": ends_at})
    await signing_keys.revoke(conn, key.key_id, ends_at)
    await record_change(conn, _change("signing_key.revoked", key, ended), actor, at)
    return ended


def _change(action: str, before: SigningKey | None, after: SigningKey) -> Change:
    return Change(action, "signing_key", str(after.key_id), before, after)

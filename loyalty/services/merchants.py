"""Merchants and their keys.

A key is `lk_<prefix>_<secret>`. The prefix finds it; the secret has 256 random bits, so that its SHA-256 can be stored
and compared in constant time: what cannot be guessed needs no slow hash. The whole key is shown once, when issued.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Conflict, Unauthenticated, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import merchants
from loyalty.store.database import Connection
from schemas.admin.merchants import (
    IssuedKey,
    Merchant,
    MerchantKey,
    MerchantPatch,
    NewMerchant,
    NewMerchantKey,
    RotateKey,
    Scope,
)

KEY_MARK = "lk_"
PREFIX_BYTES = 6
SECRET_BYTES = 32

RandomBytes = Callable[[int], bytes]

_NO_HASH = bytes(hashlib.sha256().digest_size)


class KeyRevoked(Conflict):
    """This key has been revoked: issue a new one."""

    code = "key_revoked"
    members = having(revoked_at=str)


@dataclass(frozen=True, slots=True)
class SignedInMerchant:
    """Who a key belongs to and what it may do."""

    merchant_id: UUID
    key_id: UUID
    scopes: frozenset[str]


async def create_merchant(
    conn: Connection, command: NewMerchant, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Merchant:
    """Raises ExternalIdTaken."""
    merchant = Merchant(
        merchant_id=make_id(),
        external_id=command.external_id,
        name=command.name,
        active=True,
        created_at=clock(),
    )
    await merchants.insert_merchant(conn, merchant)
    await record_change(conn, _merchant_change("merchant.created", None, merchant), actor, merchant.created_at)
    return merchant


async def ensure_merchant(conn: Connection, command: NewMerchant, actor: Actor, clock: Clock) -> Merchant:
    """The merchant of this external id, made if there is none; by many at once, by one of them."""
    assert command.external_id is not None, "only another system's name makes it the same merchant"
    await merchants.lock_merchants(conn)
    found = await merchants.find_by_external_id(conn, command.external_id)
    return found or await create_merchant(conn, command, actor, clock)


async def change_merchant(
    conn: Connection, merchant_id: UUID, command: MerchantPatch, actor: Actor, clock: Clock
) -> Merchant:
    """Raises NotFound, ExternalIdTaken."""
    before = await merchants.lock_merchant(conn, merchant_id)
    after = before.model_copy(update=command.given())
    if after != before:
        await merchants.update_merchant(conn, after)
        await record_change(conn, _merchant_change("merchant.changed", before, after), actor, clock())
    return after


async def issue_key(
    conn: Connection,
    merchant_id: UUID,
    command: NewMerchantKey,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """A new key; this is the only time that its secret is seen. Raises NotFound."""
    await merchants.lock_merchant(conn, merchant_id)
    issued = _new_key(merchant_id, list(dict.fromkeys(command.scopes)), clock(), make_id(), random_bytes)
    await _store_key(conn, issued, actor, "merchant_key.issued")
    return issued


async def rotate_key(
    conn: Connection,
    merchant_id: UUID,
    key_id: UUID,
    command: RotateKey,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """A new key with the old one's scopes; the old one ends after the overlap. Raises NotFound, KeyRevoked."""
    old, at = await merchants.lock_key(conn, merchant_id, key_id), clock()
    if old.revoked_at is not None:
        raise KeyRevoked(revoked_at=old.revoked_at.isoformat())
    issued = _new_key(merchant_id, old.scopes, at, make_id(), random_bytes)
    await _end_key(conn, old, at + timedelta(seconds=command.overlap_seconds), actor, at)
    await _store_key(conn, issued, actor, "merchant_key.issued")
    return issued


async def revoke_key(conn: Connection, merchant_id: UUID, key_id: UUID, actor: Actor, clock: Clock) -> MerchantKey:
    """The key is refused from now on. One that is revoked stays so. Raises NotFound."""
    key, at = await merchants.lock_key(conn, merchant_id, key_id), clock()
    if key.revoked_at is not None and key.revoked_at <= at:
        return key
    return await _end_key(conn, key, at, actor, at)


async def sign_in_merchant(conn: Connection, presented: str, clock: Clock) -> SignedInMerchant:
    """The merchant whose key this is. Raises Unauthenticated, for whatever reason with the same answer."""
    prefix, _, secret = presented.removeprefix(KEY_MARK).partition("_")
    found = await merchants.find_key_secret(conn, prefix)
    right = hmac.compare_digest(_hash_secret(secret), found.secret_hash if found else _NO_HASH)
    if found is None or not right or not found.merchant_active or _ended(found.revoked_at, clock()):
        raise Unauthenticated("The key is not valid.")
    return SignedInMerchant(found.merchant_id, found.key_id, frozenset(found.scopes))


def _new_key(
    merchant_id: UUID, scopes: list[Scope], at: datetime, key_id: UUID, random_bytes: RandomBytes
) -> IssuedKey:
    prefix = random_bytes(PREFIX_BYTES).hex()
    secret = random_bytes(SECRET_BYTES).hex()
    return IssuedKey(
        key_id=key_id,
        merchant_id=merchant_id,
        prefix=prefix,
        scopes=scopes,
        created_at=at,
        revoked_at=None,
        secret=f"{KEY_MARK}{prefix}_{secret}",
    )


async def _store_key(conn: Connection, issued: IssuedKey, actor: Actor, action: str) -> None:
    key = MerchantKey(**issued.model_dump(exclude={"secret"}))
    await merchants.insert_key(conn, key, _hash_secret(issued.secret.rpartition("_")[2]))
    await record_change(conn, _key_change(action, None, key), actor, key.created_at)


async def _end_key(conn: Connection, key: MerchantKey, ends_at: datetime, actor: Actor, at: datetime) -> MerchantKey:
    ended = key.model_copy(update={"revoked_at": ends_at})
    await merchants.revoke_key(conn, key.key_id, ends_at)
    await record_change(conn, _key_change("merchant_key.revoked", key, ended), actor, at)
    return ended


def _hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _ended(revoked_at: datetime | None, at: datetime) -> bool:
    return revoked_at is not None and revoked_at <= at


def _merchant_change(action: str, before: Merchant | None, after: Merchant) -> Change:
    return Change(action, "merchant", str(after.merchant_id), before, after)


def _key_change(action: str, before: MerchantKey | None, after: MerchantKey) -> Change:
    return Change(action, "merchant_key", str(after.key_id), before, after)

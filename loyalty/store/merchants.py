"""Rows of merchants and of their keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.merchants import Merchant, MerchantFilter, MerchantKey


@dataclass(frozen=True, slots=True)
class KeySecret:
    """What a presented key is checked against."""

    key_id: UUID
    merchant_id: UUID
    secret_hash: bytes
    scopes: tuple[str, ...]
    revoked_at: datetime | None
    merchant_active: bool


async def insert_merchant(conn: Connection, merchant: Merchant) -> None:
    """Raises ExternalIdTaken."""
    with conflicts_by_constraint():
        await queries.insert_merchant(
            conn,
            merchant_id=merchant.merchant_id,
            external_id=merchant.external_id,
            name=merchant.name,
            at=merchant.created_at,
        )


async def get_merchant(conn: Connection, merchant_id: UUID) -> Merchant:
    """Raises NotFound."""
    return _merchant(await queries.merchant_by_id(conn, merchant_id=merchant_id))


async def lock_merchants(conn: Connection) -> None:
    """Nobody else takes on a merchant until this transaction ends."""
    await queries.lock_merchants(conn)


async def find_by_external_id(conn: Connection, external_id: str) -> Merchant | None:
    row = await queries.merchant_by_external_id(conn, external_id=external_id)
    return _merchant(row) if row else None


async def lock_merchant(conn: Connection, merchant_id: UUID) -> Merchant:
    """Raises NotFound."""
    return _merchant(await queries.lock_merchant(conn, merchant_id=merchant_id))


async def update_merchant(conn: Connection, merchant: Merchant) -> None:
    """Raises ExternalIdTaken."""
    with conflicts_by_constraint():
        await queries.update_merchant(
            conn,
            merchant_id=merchant.merchant_id,
            external_id=merchant.external_id,
            name=merchant.name,
            active=merchant.active,
        )


async def list_merchants(conn: Connection, wanted: MerchantFilter, before: UUID | None, limit: int) -> list[Merchant]:
    rows = queries.list_merchants(conn, active=wanted.active, before_id=before, limit=limit)
    return [Merchant.model_validate(dict(row)) async for row in rows]


async def insert_key(conn: Connection, key: MerchantKey, secret_hash: bytes) -> None:
    await queries.insert_merchant_key(
        conn,
        key_id=key.key_id,
        merchant_id=key.merchant_id,
        prefix=key.prefix,
        secret_hash=secret_hash,
        scopes=key.scopes,
        at=key.created_at,
    )


async def lock_key(conn: Connection, merchant_id: UUID, key_id: UUID) -> MerchantKey:
    """Raises NotFound."""
    row = await queries.lock_merchant_key(conn, merchant_id=merchant_id, key_id=key_id)
    if row is None:
        raise NotFound("The merchant has no such key.")
    return MerchantKey.model_validate(dict(row))


async def revoke_key(conn: Connection, key_id: UUID, revoked_at: datetime) -> None:
    """From `revoked_at` on the key is refused; an earlier end stays."""
    await queries.revoke_merchant_key(conn, key_id=key_id, revoked_at=revoked_at)


async def list_keys(conn: Connection, merchant_id: UUID, before: UUID | None, limit: int) -> list[MerchantKey]:
    rows = queries.list_merchant_keys(conn, merchant_id=merchant_id, before_id=before, limit=limit)
    return [MerchantKey.model_validate(dict(row)) async for row in rows]


async def find_key_secret(conn: Connection, prefix: str) -> KeySecret | None:
    row = await queries.merchant_key_by_prefix(conn, prefix=prefix)
    return None if row is None else KeySecret(**{**row, "scopes": tuple(row["scopes"])})


def _merchant(row: Mapping[str, Any] | None) -> Merchant:
    if row is None:
        raise NotFound("There is no such merchant.")
    return Merchant.model_validate(dict(row))

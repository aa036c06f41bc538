"""Rows of the keys that verify merchants' receipts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.signing_keys import SigningKey


async def insert(conn: Connection, key: SigningKey) -> None:
    await queries.insert_signing_key(
        conn,
        key_id=key.key_id,
        merchant_id=key.merchant_id,
        algorithm=key.algorithm,
        public_key=key.public_key,
        at=key.created_at,
    )


async def find(conn: Connection, key_id: UUID) -> SigningKey | None:
    """The key that a receipt names."""
    row = await queries.signing_key_by_id(conn, key_id=key_id)
    return SigningKey.model_validate(dict(row)) if row else None


async def lock(conn: Connection, merchant_id: UUID, key_id: UUID) -> SigningKey:
    """Raises NotFound."""
    row: Mapping[str, Any] | None = await queries.lock_signing_key(conn, merchant_id=merchant_id, key_id=key_id)
    if row is None:
        raise NotFound("There is no such signing key.")
    return SigningKey.model_validate(dict(row))


async def list_keys(conn: Connection, merchant_id: UUID, before: UUID | None, limit: int) -> list[SigningKey]:
    rows = queries.list_signing_keys(conn, merchant_id=merchant_id, before_id=before, limit=limit)
    return [SigningKey.model_validate(dict(row)) for row in await fetch_all(rows)]


async def revoke(conn: Connection, key_id: UUID, revoked_at: datetime) -> None:
    """Ends the key then; an earlier end stays."""
    await queries.revoke_signing_key(conn, key_id=key_id, revoked_at=revoked_at)


async def count_valid(conn: Connection, merchant_id: UUID, at: datetime) -> int:
    count: int = await queries.count_valid_signing_keys(conn, merchant_id=merchant_id, at=at)
    return count

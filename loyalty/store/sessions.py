"""Refresh tokens, hashed, in families: one family is one session, one token of it is good at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import queries

SubjectKind = Literal["member", "admin"]


@dataclass(frozen=True, slots=True)
class StoredToken:
    family_id: UUID
    subject_id: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


async def insert(
    conn: Connection,
    token_hash: bytes,
    *,
    family_id: UUID,
    kind: SubjectKind,
    subject_id: UUID,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    await queries.insert_refresh_token(
        conn,
        token_hash=token_hash,
        family_id=family_id,
        subject_kind=kind,
        subject_id=subject_id,
        issued_at=issued_at,
        expires_at=expires_at,
    )


async def lock(conn: Connection, token_hash: bytes, kind: SubjectKind) -> StoredToken | None:
    """The token, held until the transaction ends."""
    row = await queries.lock_refresh_token(conn, token_hash=token_hash, subject_kind=kind)
    return StoredToken(**row) if row else None


async def mark_used(conn: Connection, token_hash: bytes, at: datetime) -> None:
    await queries.use_refresh_token(conn, token_hash=token_hash, at=at)


async def revoke_family(conn: Connection, family_id: UUID, at: datetime) -> None:
    await queries.revoke_refresh_family(conn, family_id=family_id, at=at)


async def forget(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` tokens that expired before `before`. Returns how many."""
    deleted: int = await queries.delete_refresh_tokens(conn, before=before, row_limit=limit)
    return deleted

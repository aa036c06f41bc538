"""Rows of the audit log."""

from uuid import UUID

from loyalty.clock import first_id_at
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.access import AuditEntry, AuditFilter


async def insert_entry(conn: Connection, entry: AuditEntry) -> None:
    await queries.insert_audit_entry(conn, **dict(entry))


async def list_entries(conn: Connection, wanted: AuditFilter, before: UUID | None, limit: int) -> list[AuditEntry]:
    """The newest `limit` entries older than the entry `before`."""
    rows = queries.list_audit_entries(
        conn,
        actor_id=wanted.actor_id,
        subject_kind=wanted.subject_kind,
        subject_id=wanted.subject_id,
        action=wanted.action,
        actor_kind=wanted.actor_kind,
        request_id=wanted.request_id,
        from_id=wanted.from_time and first_id_at(wanted.from_time),
        to_id=wanted.to_time and first_id_at(wanted.to_time),
        before_id=before,
        limit=limit,
    )
    return [AuditEntry.model_validate(dict(row)) async for row in rows]


async def list_since(conn: Connection, from_id: UUID, limit: int) -> list[AuditEntry]:
    """At most `limit` changes with an id from `from_id` on, the oldest first."""
    rows = queries.list_audit_since(conn, from_id=from_id, limit=limit)
    return [AuditEntry.model_validate(dict(row)) async for row in rows]

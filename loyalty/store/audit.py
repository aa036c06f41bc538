"""Rows of the audit log."""

from uuid import UUID

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
        before_id=before,
        limit=limit,
    )
    return [AuditEntry.model_validate(dict(row)) async for row in rows]

"""Rows of administrators. The password's hash goes in and is compared, and is never part of what is shown."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.access import Admin
from schemas.common import PageQuery


@dataclass(frozen=True, slots=True)
class AdminSecret:
    """What a login compares."""

    admin_id: UUID
    password_hash: str
    active: bool


async def insert_admin(conn: Connection, admin: Admin, password_hash: str) -> None:
    """Raises EmailTaken."""
    with conflicts_by_constraint():
        await queries.insert_admin(
            conn,
            admin_id=admin.admin_id,
            email=admin.email,
            name=admin.name,
            role=admin.role,
            password_hash=password_hash,
            at=admin.created_at,
        )


async def get_admin(conn: Connection, admin_id: UUID) -> Admin:
    """Raises NotFound."""
    row = await queries.admin_by_id(conn, admin_id=admin_id)
    if row is None:
        raise NotFound("There is no such administrator.")
    return Admin.model_validate(dict(row))


async def find_admin_by_email(conn: Connection, email: str) -> Admin | None:
    row = await queries.admin_by_email(conn, email=email)
    return None if row is None else Admin.model_validate(dict(row))


async def find_secret(conn: Connection, email: str) -> tuple[str, AdminSecret | None]:
    """The email as all that are the same account are written, and the administrator if there is one."""
    account, admin_id, password_hash, active = await queries.admin_secret_by_email(conn, email=email)
    return account, AdminSecret(admin_id, password_hash, active) if admin_id else None


async def lock_admins(conn: Connection) -> None:
    """Takes turns with everyone who changes administrators, until the transaction ends."""
    await queries.lock_admins(conn)


async def update_admin(conn: Connection, admin: Admin, password_hash: str | None) -> None:
    """Stores the administrator as given; the password only when there is a new one."""
    await queries.update_admin(
        conn,
        admin_id=admin.admin_id,
        name=admin.name,
        role=admin.role,
        active=admin.active,
        password_hash=password_hash,
    )


async def count_other_active_admins(conn: Connection, admin_id: UUID) -> int:
    """How many others could still manage administrators. Hold `lock_admins`."""
    count: int = await queries.active_admins_but(conn, admin_id=admin_id)
    return count


async def list_admins(conn: Connection, _: PageQuery, before: UUID | None, limit: int) -> list[Admin]:
    rows = queries.list_admins(conn, before_id=before, limit=limit)
    return [Admin.model_validate(dict(row)) async for row in rows]


async def revoke_sessions(conn: Connection, admin_id: UUID, at: datetime) -> None:
    """No refresh token of the administrator buys another session."""
    await queries.revoke_admin_sessions(conn, admin_id=admin_id, at=at)

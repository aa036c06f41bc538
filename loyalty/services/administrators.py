"""Administrators: who they are and what they may do. At least one of them can always manage the others.

Passwords come here hashed: hashing takes long on purpose, so the edge does it before it opens a transaction.
"""

from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Conflict, NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import admins
from loyalty.store.database import Connection
from schemas.admin.access import Admin, AdminPatch, NewAdmin, Role

SYSTEM = Actor("system", "laurel")


class LastAdmin(Conflict):
    """Nobody could manage administrators any more: make another one an active admin first."""

    code = "last_admin"


async def create_admin(
    conn: Connection, command: NewAdmin, password_hash: str, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Admin:
    """Raises EmailTaken."""
    admin = _new_admin(make_id(), command.email, command.name, command.role, clock())
    return await _store_new(conn, admin, password_hash, actor)


async def change_admin(
    conn: Connection, admin_id: UUID, command: AdminPatch, password_hash: str | None, actor: Actor, clock: Clock
) -> Admin:
    """Ends the administrator's sessions when the password, the role or `active` changes.

    Raises NotFound, and LastAdmin when nobody would be left to manage administrators.
    """
    await admins.lock_admins(conn)
    before = await admins.get_admin(conn, admin_id)
    after = before.model_copy(update={k: v for k, v in command.given().items() if k != "password"})
    if not _manages(after) and not await admins.count_other_active_admins(conn, admin_id):
        raise LastAdmin
    at = clock()
    if after != before or password_hash is not None:
        await admins.update_admin(conn, after, password_hash)
        await record_change(conn, _change("admin.changed", before, after), actor, at)
    if password_hash is not None:
        await record_change(conn, _change("admin.password_changed", after, after), actor, at)
    if password_hash is not None or (after.role, after.active) != (before.role, before.active):
        await admins.revoke_sessions(conn, admin_id, at)
    return after


async def ensure_admin(
    conn: Connection, email: str, password_hash: str, clock: Clock, make_id: IdSource = new_id
) -> tuple[Admin, bool]:
    """The administrator of this email, made with the role admin if there is none, and whether it was made now.

    One that exists is left as it is, the password too.
    """
    await admins.lock_admins(conn)
    if (found := await admins.find_admin_by_email(conn, email)) is not None:
        return found, False
    admin = _new_admin(make_id(), email, email.partition("@")[0], "admin", clock())
    return await _store_new(conn, admin, password_hash, SYSTEM), True


async def set_password(conn: Connection, email: str, password_hash: str, actor: Actor, clock: Clock) -> Admin:
    """A new password for the administrator of this email; their sessions end. Raises NotFound."""
    await admins.lock_admins(conn)
    found = await admins.find_admin_by_email(conn, email)
    if found is None:
        raise NotFound(f"There is no administrator {email}.")
    at = clock()
    await admins.update_admin(conn, found, password_hash)
    await admins.revoke_sessions(conn, found.admin_id, at)
    await record_change(conn, _change("admin.password_changed", found, found), actor, at)
    return found


def _new_admin(admin_id: UUID, email: str, name: str, role: Role, at: datetime) -> Admin:
    return Admin(admin_id=admin_id, email=email, name=name, role=role, active=True, created_at=at)


async def _store_new(conn: Connection, admin: Admin, password_hash: str, actor: Actor) -> Admin:
    await admins.insert_admin(conn, admin, password_hash)
    await record_change(conn, _change("admin.created", None, admin), actor, admin.created_at)
    return admin


def _manages(admin: Admin) -> bool:
    return admin.active and admin.role == "admin"


def _change(action: str, before: Admin | None, after: Admin) -> Change:
    return Change(action, "admin", str(after.admin_id), before, after)

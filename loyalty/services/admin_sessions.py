"""Administrators' sessions, on top of loyalty.services.signing_in. Who signed in is in the audit log."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.signing_in import InvalidCredentials, Refused, carry_on_session, open_session
from loyalty.store import admins
from loyalty.store.database import Connection
from schemas.admin.access import Admin


@dataclass(frozen=True, slots=True)
class AdminSession:
    """Who is signed in, and the token that carries the session on."""

    admin: Admin
    refresh_token: str


async def open_admin_session(
    conn: Connection, admin_id: UUID, valid: timedelta, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> AdminSession:
    """The session of an administrator whose password was right. Raises InvalidCredentials when not active."""
    admin = await admins.get_admin(conn, admin_id)
    if not admin.active:
        raise InvalidCredentials
    token = await open_session(conn, "admin", admin_id, valid, clock, make_id)
    await record_change(conn, Change("admin.signed_in", "admin", str(admin_id)), actor, clock())
    return AdminSession(admin, token)


async def carry_on_admin_session(
    conn: Connection, refresh_token: str, valid: timedelta, clock: Clock
) -> AdminSession | Refused:
    """Commit also what was refused: a token used twice must end its session."""
    carried = await carry_on_session(conn, "admin", refresh_token, valid, clock)
    if isinstance(carried, Refused):
        return carried
    try:
        admin = await admins.get_admin(conn, carried.subject_id)
    except NotFound:
        return Refused(reused=False)
    return AdminSession(admin, carried.refresh_token) if admin.active else Refused(reused=False)

"""Sessions: opened by a sign-in, carried on by refresh tokens that are good for one use, ended by signing out.

A refresh token that is used a second time was copied: then the whole session ends, for the thief and the owner alike.
Tokens are 256 random bits, so that their SHA-256 is all that needs to be stored.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Forbidden, Unauthenticated
from loyalty.store import sessions
from loyalty.store.database import Connection
from loyalty.store.sessions import StoredToken, SubjectKind

TOKEN_BYTES = 32


class InvalidCredentials(Unauthenticated):
    """The email or the password is wrong."""

    code = "invalid_credentials"


class WrongPassword(Forbidden):
    """The present password is wrong."""

    code = "wrong_password"


class InvalidRefreshToken(Unauthenticated):
    """This refresh token is not valid: sign in again."""

    code = "invalid_refresh_token"


@dataclass(frozen=True, slots=True)
class Carried:
    """The session goes on: its next refresh token."""

    subject_id: UUID
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The token is unknown, expired or revoked; or it was used before, and now its session has ended."""

    reused: bool


async def open_session(
    conn: Connection, kind: SubjectKind, subject_id: UUID, valid: timedelta, clock: Clock, make_id: IdSource = new_id
) -> str:
    """Opens a session. Returns its first refresh token, which is stored nowhere."""
    return await _issue(conn, kind, subject_id, make_id(), clock(), valid)


async def carry_on_session(
    conn: Connection, kind: SubjectKind, refresh_token: str, valid: timedelta, clock: Clock
) -> Carried | Refused:
    """Takes a refresh token for the next one. Commit also what was refused: a reuse must end the session."""
    at = clock()
    token_hash = _hash(refresh_token)
    stored = await sessions.lock(conn, token_hash, kind)
    if stored is None or not _is_good(stored, at):
        return Refused(reused=False)
    if stored.used_at is not None:
        await sessions.revoke_family(conn, stored.family_id, at)
        return Refused(reused=True)
    await sessions.mark_used(conn, token_hash, at)
    return Carried(stored.subject_id, await _issue(conn, kind, stored.subject_id, stored.family_id, at, valid))


async def close_session(conn: Connection, kind: SubjectKind, refresh_token: str, clock: Clock) -> None:
    """Ends the session that the token belongs to. A token that nobody has ends nothing."""
    stored = await sessions.lock(conn, _hash(refresh_token), kind)
    if stored is not None:
        await sessions.revoke_family(conn, stored.family_id, clock())


async def _issue(
    conn: Connection, kind: SubjectKind, subject_id: UUID, family_id: UUID, at: datetime, valid: timedelta
) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await sessions.insert(
        conn, _hash(token), family_id=family_id, kind=kind, subject_id=subject_id, issued_at=at, expires_at=at + valid
    )
    return token


def _is_good(stored: StoredToken, at: datetime) -> bool:
    return stored.revoked_at is None and stored.expires_at > at


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

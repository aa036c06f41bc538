"""The audit line of an operator's command: who ran it where, what it changed, before and after.

It is stored in Laurel's audit log, where the admin console shows it, and written to standard error as a log line.
"""

from __future__ import annotations

import getpass
import socket
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict

from loyalty.clock import system_clock
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store.database import Connection, open_pool, prepare_connection, transaction


class Details(BaseModel):
    """What a command says of the state before or after it."""

    model_config = ConfigDict(extra="allow", frozen=True)


def operator() -> Actor:
    """Whoever runs this command: the user of the operating system and the host."""
    return Actor("operator", f"{_user()}@{socket.gethostname()}")


def tell_audit(change: Change, actor: Actor) -> None:
    """The log line."""
    structlog.get_logger("audit").info(
        change.action,
        actor=actor.id,
        subject_kind=change.subject_kind,
        subject_id=change.subject_id,
        before=change.before and change.before.model_dump(mode="json"),
        after=change.after and change.after.model_dump(mode="json"),
    )


async def audit_within(conn: Any, change: Change) -> None:
    """Store the line in a transaction that makes the change, on a connection that is not Laurel's own."""
    await prepare_connection(conn)
    await _audit(conn, change)


async def audit(database_url: str, change: Change) -> None:
    """Store the line in a transaction of its own."""
    async with await open_pool(database_url, size=1, name="laurel audit") as pool, transaction(pool) as conn:
        await _audit(conn, change)


async def _audit(conn: Connection, change: Change) -> None:
    actor = operator()
    await record_change(conn, change, actor, system_clock())
    tell_audit(change, actor)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"

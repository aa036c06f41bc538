"""Whether the checkpoint speaks of this database.

In a database that was restored it speaks of another server's transactions: what it calls published may never have been.
Whoever forgets or repeats events on its word has to ask first; the relay does when it begins to lead.
"""

from __future__ import annotations

import asyncpg

from outbox.errors import ForeignHistoryError
from outbox.statements import load

_SQL = load("history")


async def is_own_history(conn: asyncpg.Connection) -> bool:
    """Whether the checkpoint, if there is one, is of this database's history."""
    return bool(await conn.fetchval(_SQL["read_history"]))


async def require_own_history(conn: asyncpg.Connection) -> None:
    """Raises ForeignHistoryError."""
    if not await is_own_history(conn):
        raise ForeignHistoryError

"""The statements of a service, recorded with their arguments and driven again straight from a loop on one connection.

This is the floor of what PostgreSQL takes for a service's work. The ids that PostgreSQL gives out are among the
arguments, so the recording is made on one database and driven on a copy that was taken just before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from loyalty.store.database import Connection


class Statement(NamedTuple):
    """What was asked for: `method` is asyncpg's."""

    method: str
    sql: str
    arguments: tuple[Any, ...]


class RecordingConnection:
    """A connection that remembers every statement, and passes everything on."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.statements: list[Statement] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._conn, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute"):
            return found

        async def recorded(sql: str, *arguments: Any) -> Any:
            self.statements.append(Statement(name, sql, arguments))
            return await found(sql, *arguments)

        return recorded


async def drive(conn: Connection, batches: Sequence[Sequence[Statement]]) -> None:
    """Each batch in a transaction of its own."""
    for statements in batches:
        async with conn.transaction():
            for method, sql, arguments in statements:
                await getattr(conn, method)(sql, *arguments)

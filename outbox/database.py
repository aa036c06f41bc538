"""Connections, and what a database that is away looks like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from outbox.errors import OutboxError

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 30.0

DATABASE_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Away, restarted, or not yet migrated: it is waited for, with a new session.

An InternalClientError is what a statement meets on a session that ended while another one was being cancelled.
"""


class DatabaseAwayError(OutboxError):
    """PostgreSQL does not answer, or has no outbox: run `laurel migrate`."""


@asynccontextmanager
async def connected(dsn: str, schema: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection for an operator's command, to the outbox of a schema. Whatever goes wrong: DatabaseAwayError."""
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={
                "application_name": "outbox command",
                "timezone": "UTC",
                "datestyle": "ISO",
                **({"search_path": schema} if schema else {}),
            },
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
    except DATABASE_ERRORS as error:
        raise DatabaseAwayError(f"{error or type(error).__name__}") from error

"""Connections: the pool every process opens, with limits on every wait and JSON decoded to Python values."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import orjson

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record

DATABASE_AWAY: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.InternalClientError,  # the server's farewell came first, and found the connection at rest
    OSError,
    asyncio.TimeoutError,
)
"""What is no fault of the data: the same statement may succeed later. Also deadlocks and serialisation failures."""


def is_database_away(error: BaseException) -> bool:
    """Whether the same statement may succeed later.

    An argument that does not fit its column never does, though asyncpg calls that an InterfaceError too.
    """
    return isinstance(error, DATABASE_AWAY) and not isinstance(error, ValueError)


DATABASE_FAILED: tuple[type[BaseException], ...] = (asyncpg.PostgresError, *DATABASE_AWAY)
"""Whatever may come from the database: for an operator's command, which says it in a line instead of a traceback."""

TOO_SLOW: tuple[type[BaseException], ...] = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncio.TimeoutError,
)
"""Among what is no fault of the data: a statement or lock took longer than it may. Less at a time may succeed."""


def encode_json(value: Any) -> str:
    """As a parameter that a statement casts to jsonb."""
    return orjson.dumps(value).decode()


async def prepare_connection(conn: Any) -> None:
    """Gives a new connection Laurel's codecs: jsonb and json to and from Python values."""
    for name in ("jsonb", "json"):
        await conn.set_type_codec(name, encoder=encode_json, decoder=orjson.loads, schema="pg_catalog")


async def _leave_as_it_is(_: Any) -> None:
    """For connections whose users change nothing of the session."""


async def open_pool(
    dsn: str,
    *,
    size: int,
    name: str,
    statement_timeout_seconds: float = 10.0,
    min_size: int = 1,
    clean_sessions: bool = True,
    by_index: bool = False,
) -> Pool:
    """A pool of at most `size` connections, seen in pg_stat_activity as `name`. Raises OSError when unreachable.

    clean_sessions: a connection that is given back is cleaned of settings, listeners and session locks, which costs a
    round trip each time; a user of the pool that leaves none of these may do without. Transactions are always ended.

    by_index: sequential scans are the last resort. For a process that keeps its plans for long, those of foreign keys
    included: made while a table is small, they would read all of it for each row when it no longer is.
    """
    milliseconds = str(int(statement_timeout_seconds * 1000))
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=size,
        timeout=5,
        command_timeout=statement_timeout_seconds + 1,
        init=prepare_connection,
        reset=None if clean_sessions else _leave_as_it_is,
        server_settings={
            "application_name": name,
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
            "enable_seqscan": "off" if by_index else "on",
        },
    )


@asynccontextmanager
async def connection(pool: Pool, *, wait_seconds: float = 3.0) -> AsyncIterator[Connection]:
    """A connection of the pool. Raises TimeoutError when none is free in time.

    The time is kept here and not by the pool, which would make a task of every wait.
    """
    async with asyncio.timeout(wait_seconds):
        conn = await pool.acquire()
    try:
        yield conn
    finally:
        await pool.release(conn)


@asynccontextmanager
async def transaction(pool: Pool, *, wait_seconds: float = 3.0) -> AsyncIterator[Connection]:
    """A connection in a transaction: commits on the way out, rolls back when an error passes."""
    async with connection(pool, wait_seconds=wait_seconds) as conn, conn.transaction():
        yield conn


@asynccontextmanager
async def snapshot(pool: Pool, *, wait_seconds: float = 3.0) -> AsyncIterator[Connection]:
    """A connection in a transaction that only reads, and reads everything as of one moment."""
    async with (
        connection(pool, wait_seconds=wait_seconds) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield conn

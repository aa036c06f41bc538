"""The leader's session: one PostgreSQL session holds the lock, reads the log and writes the checkpoint.

A relay that lost the session can therefore neither read nor checkpoint. A process that is frozen stays silent, and
PostgreSQL ends its session, and the leadership, after leadership_seconds; if it was frozen in the middle of an answer,
which PostgreSQL would wait for ever to get rid of, a standby ends the session. What it had handed to librdkafka could
still be sent when it wakes: so nothing is handed over later than lease_seconds after a statement, and librdkafka drops
what it could not deliver message_timeout_seconds after that; together they are shorter than leadership_seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from outbox.database import DATABASE_ERRORS
from outbox.errors import OutboxError
from outbox.poke import CHANNEL
from outbox.settings import RelaySettings
from outbox.statements import load

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0
VACANT_CHANNEL = "outbox_vacant"
"""Notified by a leader that resigns. One that was killed says nothing: its lock is tried again and again."""

_SQL = load("checkpoint")

log = structlog.get_logger("outbox")


class LeadershipLostError(OutboxError):
    """The leader's session has ended."""


class LeaderSession:
    """The session. Its statements are run one after the other; each renews the lease."""

    def __init__(self, connection: asyncpg.Connection, settings: RelaySettings) -> None:
        self._connection = connection
        self._settings = settings
        self._turn = asyncio.Lock()
        self._spoke_at = time.monotonic()

    @property
    def lease_until(self) -> float:
        """Up to this moment of the monotonic clock nobody else can lead."""
        return self._spoke_at + self._settings.lease_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection, for one statement or one transaction."""
        async with self._turn:
            began_at = time.monotonic()
            if self._connection.is_closed():
                raise LeadershipLostError
            yield self._connection
            self._spoke_at = began_at

    async def beat(self) -> None:
        """Keep the session alive, if nothing else has for a while. Raises when it is not."""
        if time.monotonic() - self._spoke_at > self._settings.leadership_seconds / 6 and not self._turn.locked():
            async with self.turn() as connection:
                await connection.execute("select 1")

    async def resign(self) -> None:
        """Give the leadership back; those that stand by hear of it."""
        async with self.turn() as connection:
            await connection.execute(_SQL["resign"])

    def abort(self) -> None:
        """End the session whatever it waits for; that fails."""
        self._connection.terminate()

    async def close(self) -> None:
        """End the session, and with it the leadership."""
        with contextlib.suppress(*DATABASE_ERRORS):
            await self._connection.close(timeout=1)


async def connect(settings: RelaySettings) -> asyncpg.Connection:
    """A session as the relay's statements need it.

    Plans are pinned: sequential and bitmap scans and just-in-time compilation are off, and plans are generic, so that
    no statistics lead to another plan than the one that was measured. Commits do not wait for the disk: a checkpoint
    that is lost only makes the next relay look at more records.
    """
    silence_ms = int(settings.leadership_seconds * 1000)
    return await asyncpg.connect(
        settings.dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={
            "application_name": settings.application_name,
            "search_path": settings.schema,
            "timezone": "UTC",
            "datestyle": "ISO",
            "idle_session_timeout": str(silence_ms),
            "idle_in_transaction_session_timeout": str(silence_ms),
            "tcp_user_timeout": str(silence_ms),
            "synchronous_commit": "off",
            "jit": "off",
            "enable_seqscan": "off",
            "enable_bitmapscan": "off",
            "plan_cache_mode": "force_generic_plan",
        },
    )


@asynccontextmanager
async def leading(
    settings: RelaySettings, stop: asyncio.Event, wake: Callable[[], None], turned: Callable[[], None]
) -> AsyncIterator[LeaderSession]:
    """Wait for the leadership and hold it; `wake` is called at each poke, `turned` at each try.

    Raises StoppedWaiting if `stop` is set before.
    """
    connection = await connect(settings)
    session, vacant = LeaderSession(connection, settings), asyncio.Event()
    try:
        await connection.add_listener(VACANT_CHANNEL, lambda *_: vacant.set())
        while not await _takes_lead(connection, vacant):
            turned()
            if await connection.fetchval(_SQL["end_frozen_leader"], int(settings.leadership_seconds * 1000)):
                log.warning("the leader did not take its answers: its session was ended")
            await _pause(stop, vacant, settings.standby_pause_seconds)
        await connection.add_listener(CHANNEL, lambda *_: wake())
        yield session
    finally:
        await session.close()


async def _takes_lead(connection: asyncpg.Connection, vacant: asyncio.Event) -> bool:
    vacant.clear()
    took: bool = await connection.fetchval(_SQL["try_lead"])
    return took


class StoppedWaiting(Exception):
    """The process is to end while it waits."""


async def _pause(stop: asyncio.Event, vacant: asyncio.Event, seconds: float) -> None:
    # Asked for again and again instead of waited in: a statement that waits holds a snapshot, and vacuum back.
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, vacant)]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if stop.is_set():
        raise StoppedWaiting

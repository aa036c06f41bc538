"""Wakes the relay after a commit, so that it need not poll often.

NOTIFY is sent on a connection of its own, never in a business transaction: there it takes a lock that all commits of
the server share. Nothing depends on a poke: a lost one costs the relay's longest polling pause.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from types import TracebackType
from typing import Self

import asyncpg

from outbox.database import DATABASE_ERRORS

CHANNEL = "outbox_poke"
COALESCE_SECONDS = 0.002
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
STATEMENT_SECONDS = 5.0
SESSION = {"application_name": "outbox poke", "synchronous_commit": "off"}
"""A notification is told when its own transaction has committed: there is nothing in it to wait for the disk for."""


class Poke:
    """Use as an async context manager that lives as long as the process; call `poke()` after each commit.

    One connection, opened in the background; while the database is away it is tried again with growing pauses.
    """

    def __init__(self, dsn: str, *, coalesce_seconds: float = COALESCE_SECONDS) -> None:
        self._dsn = dsn
        self._coalesce_seconds = coalesce_seconds
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        """Ask for a wake-up now. Returns at once and never raises; any number in the moment after become one more."""
        self._wanted.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="outbox poke")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            with contextlib.suppress(*DATABASE_ERRORS):
                connection = await asyncpg.connect(self._dsn, server_settings=SESSION, timeout=STATEMENT_SECONDS)
                pause_seconds = FIRST_PAUSE_SECONDS
                try:
                    await self._serve(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(pause_seconds * random.uniform(0.5, 1))
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _serve(self, connection: asyncpg.Connection) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await connection.execute("notify outbox_poke", timeout=STATEMENT_SECONDS)
            await asyncio.sleep(self._coalesce_seconds)

"""Looking at the log: its last events, and those that come.

Following asks for what became visible since the last look, as the relay does (outbox.log), so that an event of a
transaction that took long is seen when it commits, behind others with higher ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from outbox.log import Snapshot
from outbox.statements import load

LOOK_BACK_ROWS = 100_000
FOLLOWED_ROWS = 10_000
"""More than these at a time are not shown: nobody could read them."""

_SQL = load("tail")


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event of the log. `state`: 'waiting' for the relay, 'published', or 'parked'."""

    id: int
    created_at: datetime
    topic: str
    key: str
    event_id: UUID
    source: str
    occurred_at: datetime
    traceparent: str | None
    payload: bytes
    state: Literal["waiting", "published", "parked"]


async def last_events(
    conn: asyncpg.Connection, count: int, topic: str | None = None, key: str | None = None
) -> list[SeenEvent]:
    """The last events of a topic and key, in order, as far as they are among the last LOOK_BACK_ROWS of all."""
    return [SeenEvent(**row) for row in await conn.fetch(_SQL["read_last"], topic, key, count, LOOK_BACK_ROWS)]


async def follow(
    conn: asyncpg.Connection,
    count: int,
    topic: str | None = None,
    key: str | None = None,
    *,
    pause_seconds: float = 0.2,
) -> AsyncIterator[SeenEvent]:
    """The last events, then those that are committed from now on, for ever."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        since = Snapshot.parse(await conn.fetchval(_SQL["read_snapshot"]))
        before = await last_events(conn, count, topic, key)
    for event in before:
        yield event
    while True:
        rows = await conn.fetch(_SQL["read_since"], since.xmax, since.in_progress, topic, key, FOLLOWED_ROWS)
        since = Snapshot.parse(rows[0]["snapshot"])
        for row in rows:
            if row["id"] is not None:
                yield _seen(row)
        await asyncio.sleep(pause_seconds)


def _seen(row: Any) -> SeenEvent:
    return SeenEvent(**{name: row[name] for name in SeenEvent.__slots__})

"""Partitions of the log, made ahead by the leader.

Writers never need it: when the made ones are used up, the default partition takes the rows. Whatever has to lock what
writers use gives up rather than hold anybody up (BUSY), and is tried again later.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from outbox.settings import RelaySettings
from outbox.statements import load

BUSY = asyncpg.LockNotAvailableError

_SQL = load("partitions")


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition: the ids that go there (None: those that no other takes), its size, and its first and last row."""

    name: str
    from_id: int | None
    to_id: int | None
    bytes: int
    first_id: int | None
    last_id: int | None
    oldest_at: datetime | None
    newest_at: datetime | None


@asynccontextmanager
async def giving_up_early(conn: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction that waits for no lock for longer than its writers would notice. Raises BUSY."""
    async with conn.transaction(isolation="read_committed"):
        await conn.execute("set local lock_timeout = '100ms'")
        yield


async def add_partitions(conn: asyncpg.Connection, settings: RelaySettings) -> int:
    """Make what is missing; how many. Raises BUSY when that would have held others up."""
    async with giving_up_early(conn):
        made: int = await conn.fetchval(_SQL["add_partitions"], settings.partition_rows, settings.partitions_ahead)
        return made


async def begin_next_partition(conn: asyncpg.Connection, written_before: datetime) -> int | None:
    """Go on with the ids of the next partition if the present one's oldest row was written before; its first id.

    Raises BUSY when that would have held others up.
    """
    async with giving_up_early(conn):
        next_id: int | None = await conn.fetchval(_SQL["begin_next_partition"], written_before)
        return next_id


async def list_partitions(conn: asyncpg.Connection) -> list[Partition]:
    """The partitions in the order of their ids, the default one last."""
    return [Partition(**row) for row in await conn.fetch(_SQL["list_partitions"])]

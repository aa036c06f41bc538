"""Retention: published events stay readable for a time, then their partition goes.

A partition goes only when every row of it is visible in the checkpoint's snapshot, so lies before the position, and was
written before the retention's line. Whether there is a row that nobody can see yet, of a transaction that is still
open, is told by the lock: it is not to be had while one is. So a long transaction keeps the partitions that it wrote
to, and no other.

It goes in two steps. Emptying it (truncate) gives the space back and locks that partition alone, which no writer uses
any more. Dropping the empty shells locks the whole log for a moment; if writers are in the way it is left for later.
The default partition is emptied, never dropped.

Partitions are ranges of ids, so a log with few events would never leave its first one. It goes on in the next one
when the oldest event of the present one is older than an eighth of the retention: ids are plenty.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from outbox.history import require_own_history
from outbox.partitions import BUSY, begin_next_partition, giving_up_early
from outbox.statements import load

PARTITIONS_IN_A_RETENTION = 8
SHORTEST_SPAN = timedelta(hours=1)

_SQL = load("retention")


@dataclass(frozen=True, slots=True)
class Forgettable:
    """A partition all of whose events are published and older than the retention."""

    name: str
    first_id: int
    last_id: int
    bytes: int
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class Retained:
    """What a round of retention did: the partitions that were emptied, how many empty ones were dropped, and which
    step was left for later because a transaction was in the way."""

    emptied: Sequence[Forgettable]
    dropped_partitions: int
    next_id: int | None
    postponed: Sequence[str]


async def list_forgettable(conn: asyncpg.Connection, keep: timedelta) -> list[Forgettable]:
    """What a round of retention would empty now, were no transaction in the way. Raises ForeignHistoryError."""
    await require_own_history(conn)
    return await _list_written_before(conn, await _ago(conn, keep))


async def retain(conn: asyncpg.Connection, keep: timedelta) -> Retained:
    """A round of retention: forget what was written longer ago than `keep` and is published.

    Nobody is held up for longer than a lock's timeout of a tenth of a second. Safe to run beside a relay or another
    round. Raises ForeignHistoryError.
    """
    await require_own_history(conn)
    line = await _ago(conn, keep)
    emptied: list[Forgettable] = []
    postponed: list[str] = []
    for partition in await _list_written_before(conn, line):
        if await _emptied(conn, partition, line):
            emptied.append(partition)
        else:
            postponed.append(f"emptying {partition.name}")
    begun_before = await _ago(conn, _span(keep))
    next_id = await _or_busy(begin_next_partition(conn, begun_before), "the next partition", postponed)
    dropped = await _or_busy(_drop_empty(conn), "dropping empty partitions", postponed)
    return Retained(emptied, dropped or 0, next_id, postponed)


async def _ago(conn: asyncpg.Connection, keep: timedelta) -> datetime:
    # by the clock that the events' times are from
    line: datetime = await conn.fetchval(_SQL["time_ago"], keep)
    return line


async def _list_written_before(conn: asyncpg.Connection, line: datetime) -> list[Forgettable]:
    return [Forgettable(**row) for row in await conn.fetch(_SQL["list_forgettable"], line)]


def _span(keep: timedelta) -> timedelta:
    return max(keep / PARTITIONS_IN_A_RETENTION, SHORTEST_SPAN)


async def _emptied(conn: asyncpg.Connection, partition: Forgettable, written_before: datetime) -> bool:
    try:
        async with giving_up_early(conn):
            return bool(await conn.fetchval(_SQL["empty_partition"], partition.name, written_before))
    except BUSY:
        return False


async def _drop_empty(conn: asyncpg.Connection) -> int:
    async with giving_up_early(conn):
        dropped: int = await conn.fetchval(_SQL["drop_empty_partitions"])
        return dropped


async def _or_busy(step: Awaitable[int | None], name: str, postponed: list[str]) -> int | None:
    try:
        return await step
    except BUSY:
        postponed.append(name)
        return None

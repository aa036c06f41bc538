"""Partitions of the log, made ahead by the leader.

Writers never need it: when the made ones are used up, the default partition takes the rows. Attaching a partition
locks the default one for a moment; rather than hold anybody up it gives up and is tried again later.
"""

from __future__ import annotations

import asyncpg

from outbox.settings import RelaySettings
from outbox.statements import load

_SQL = load("partitions")


async def add_partitions(conn: asyncpg.Connection, settings: RelaySettings) -> int:
    """Make what is missing; how many. Raises asyncpg.LockNotAvailableError when that would have held others up."""
    async with conn.transaction():
        await conn.execute("set local lock_timeout = '200ms'")
        made: int = await conn.fetchval(_SQL["add_partitions"], settings.partition_rows, settings.partitions_ahead)
        return made

"""What one worker of all does beside the events: it seals the journal, and forgets what the inbox need not remember.

Who does it holds an advisory lock, and works on the same session: a session that lost the lock can do nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from loyalty.clock import Clock
from loyalty.services.forgetting import forget_handled
from loyalty.services.sealing import look_ahead, seal_entries
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.seals import Horizon, Seal, try_to_lead

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class House:
    """How it is kept: whose inbox, how long, how often."""

    consumers: Sequence[str]
    inbox_kept: timedelta
    every_seconds: float
    clock: Clock


async def keep_house(pool: Pool, house: House) -> None:
    """Goes on for ever. The database being away is waited out."""
    while True:
        try:
            async with pool.acquire() as conn:
                if await try_to_lead(conn):
                    await _lead(conn, house)
        except DATABASE_AWAY as error:
            log.warning("housekeeping waits for the database", error=repr(error))
        await asyncio.sleep(house.every_seconds)


async def _lead(conn: Connection, house: House) -> None:
    horizon: Horizon | None = None
    while True:
        if horizon is None or await _seal_up_to(conn, horizon):
            horizon = await look_ahead(conn)
        await _forget(conn, house)
        await asyncio.sleep(house.every_seconds)


async def _seal_up_to(conn: Connection, horizon: Horizon) -> bool:
    """Seals what may be sealed, one bounded transaction after the other; whether all up to the horizon is."""
    entries, head = 0, None
    more = True
    while more:
        async with conn.transaction():
            sealed = await seal_entries(conn, horizon)
        entries, head, more = entries + sealed.entries, sealed.head, sealed.more
    if entries and head:
        _say(entries, head)
    return head is not None and head.entry_id >= horizon.entry_id


async def _forget(conn: Connection, house: House) -> None:
    more = True
    while more:
        async with conn.transaction():
            more = await forget_handled(conn, house.consumers, house.inbox_kept, house.clock)


def _say(entries: int, head: Seal) -> None:
    """The log is kept elsewhere: the ends of the chain in it are what `laurel ledger verify --noted` compares with."""
    log.info("journal sealed", entries=entries, chain=f"{head.entry_id}:{head.hash.hex()}")

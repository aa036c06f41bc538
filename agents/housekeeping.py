"""What one worker of all does beside the events: it seals the journal.

Who does it holds an advisory lock, and works on the same session: a session that lost the lock can do nothing.
"""

import asyncio

import structlog

from loyalty.services.sealing import look_ahead, seal_entries
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.seals import Horizon, Seal, try_to_lead

log = structlog.get_logger()


async def keep_house(pool: Pool, every_seconds: float) -> None:
    """Goes on for ever. The database being away is waited out."""
    while True:
        try:
            async with pool.acquire() as conn:
                if await try_to_lead(conn):
                    await _lead(conn, every_seconds)
        except DATABASE_AWAY as error:
            log.warning("housekeeping waits for the database", error=repr(error))
        await asyncio.sleep(every_seconds)


async def _lead(conn: Connection, every_seconds: float) -> None:
    horizon: Horizon | None = None
    while True:
        if horizon is None or await _seal_up_to(conn, horizon):
            horizon = await look_ahead(conn)
        await asyncio.sleep(every_seconds)


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


def _say(entries: int, head: Seal) -> None:
    """The log is kept elsewhere: the ends of the chain in it are what `laurel ledger verify --noted` compares with."""
    log.info("journal sealed", entries=entries, chain=f"{head.entry_id}:{head.hash.hex()}")

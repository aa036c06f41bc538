"""The reconciler: one worker of all looks now and then for what was never processed.

Who looks holds an advisory lock, and looks on the same session: a session that lost the lock can do nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from loyalty.clock import Clock
from loyalty.services.reconciling import Reconciled, reconcile
from loyalty.settings import Settings
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.reconciliation import try_to_lead

log = structlog.get_logger()


async def keep_reconciling(pool: Pool, settings: Settings, clock: Clock, on_reappended: Callable[[], None]) -> None:
    """Goes on for ever. The database being away is waited out."""
    while True:
        try:
            async with pool.acquire() as conn:
                if await try_to_lead(conn):
                    await _lead(conn, settings, clock, on_reappended)
        except DATABASE_AWAY as error:
            log.warning("the reconciler waits for the database", error=repr(error))
        await asyncio.sleep(settings.worker_reconcile_every_seconds)


async def _lead(conn: Connection, settings: Settings, clock: Clock, on_reappended: Callable[[], None]) -> None:
    older_than = timedelta(seconds=settings.worker_reconcile_after_seconds)
    while True:
        async with conn.transaction():
            done = await reconcile(conn, clock, older_than)
        if done.transactions or done.redemptions or done.custom_events:
            on_reappended()
            _say(done)
        if not done.more:
            await asyncio.sleep(settings.worker_reconcile_every_seconds)


def _say(done: Reconciled) -> None:
    log.warning(
        "told again what was never processed",
        transactions=done.transactions,
        redemptions=done.redemptions,
        custom_events=done.custom_events,
    )

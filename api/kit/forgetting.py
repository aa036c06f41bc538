"""What an API forgets in the background: answers that no retry asks for any more, refresh tokens that have expired.

Every process does it, a little at a time; rows that another is deleting are left to it.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from loyalty.clock import Clock
from loyalty.store import idempotency, sessions
from loyalty.store.database import DATABASE_AWAY, Pool

log = structlog.get_logger("api.forgetting")

EVERY_SECONDS = 600
ROWS_AT_ONCE = 1_000
ANSWERS_KEPT = timedelta(hours=48)
TOKENS_KEPT = timedelta(days=7)
"""After their expiry: a reuse that late is still worth noticing."""


async def forget_again_and_again(pool: Pool, clock: Clock) -> None:
    """Runs as long as the process. The first time comes soon, at a moment that other processes do not share."""
    pause_seconds = random.uniform(0, EVERY_SECONDS / 10)
    while True:
        await asyncio.sleep(pause_seconds)
        pause_seconds = EVERY_SECONDS * random.uniform(0.8, 1.2)
        try:
            await forget_old(pool, clock)
        except DATABASE_AWAY as error:
            log.warning("forgetting_put_off", error=type(error).__name__)


async def forget_old(pool: Pool, clock: Clock) -> int:
    """Deletes all that is old, `ROWS_AT_ONCE` in a transaction. Returns how many rows it was."""
    forgotten = 0
    while True:
        async with pool.acquire() as conn:
            answers = await idempotency.forget(conn, before=clock() - ANSWERS_KEPT, limit=ROWS_AT_ONCE)
            tokens = await sessions.forget(conn, before=clock() - TOKENS_KEPT, limit=ROWS_AT_ONCE)
        forgotten += answers + tokens
        if max(answers, tokens) < ROWS_AT_ONCE:
            return forgotten

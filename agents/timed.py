"""Timed work: what is to be done when its time has come, by the database's clock, by one worker of all.

Who does it holds an advisory lock, and works on the same session: a session that lost the lock can do nothing. Each
step is one transaction and does a bounded number of things; a step that may have left some behind is followed by the
next at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from loyalty.clock import Clock
from loyalty.services.cancelling import end_reservations
from loyalty.services.expiring import expire_points
from loyalty.services.recalculating_tiers import recalculate_tiers
from loyalty.services.referring import settle_referrals
from loyalty.services.releasing import release_points
from loyalty.services.reversing import tell_again
from loyalty.services.revoking import revoke_referrals
from loyalty.services.rules import activate_due_rules
from loyalty.services.tending import Tended
from loyalty.settings import Settings
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.timed import database_now, try_to_lead

log = structlog.get_logger()

OnChanged = Callable[[frozenset[UUID]], None]


class Step(Protocol):
    """A step of one kind of work, in the caller's transaction."""

    async def __call__(self, conn: Connection, clock: Clock) -> Tended: ...


TIMED_WORK: tuple[Step, ...] = (
    activate_due_rules,
    release_points,
    expire_points,
    end_reservations,
    tell_again,
    settle_referrals,
    revoke_referrals,
    recalculate_tiers,
)
"""In the order in which it is done: points that come due for both are released, then expire."""


async def keep_tending(
    pool: Pool, settings: Settings, on_changed: OnChanged, work: Sequence[Step] = TIMED_WORK
) -> None:
    """Goes on for ever. The database being away is waited out."""
    while True:
        try:
            async with pool.acquire() as conn:
                if await try_to_lead(conn):
                    await _lead(conn, settings, on_changed, work)
        except DATABASE_AWAY as error:
            log.warning("timed work waits for the database", error=repr(error))
        await asyncio.sleep(settings.worker_timed_every_seconds)


async def _lead(conn: Connection, settings: Settings, on_changed: OnChanged, work: Sequence[Step]) -> None:
    while True:
        for step in work:
            await tend(conn, step, on_changed)
        await asyncio.sleep(settings.worker_timed_every_seconds)


async def tend(conn: Connection, step: Step, on_changed: OnChanged) -> None:
    """Steps until nothing is left to do."""
    more = True
    while more:
        async with conn.transaction():
            done = await step(conn, _always(await database_now(conn)))
        if done.changed_members:
            on_changed(done.changed_members)
        more = done.more


def _always(at: datetime) -> Clock:
    return lambda: at

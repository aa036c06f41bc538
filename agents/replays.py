"""Replays run beside the worker, in a process of their own: minutes of reckoning must not hold up a single event.

The worker only looks whether one waits and starts that process. Whichever process holds the advisory lock runs the
replays; a replay whose process died is found still running by the next, and begun anew. Cancelling shows at the next
page.
"""

import asyncio
import sys

import structlog

from loyalty.clock import Clock
from loyalty.errors import LaurelError
from loyalty.services.replaying_history import replay_history
from loyalty.store import history
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.history import ReplayClaim
from schemas.admin.rules import NewRule

LOOK_SECONDS = 2.0
MOST_ATTEMPTS = 3

log = structlog.get_logger()


async def keep_replaying(pool: Pool) -> None:
    """Starts a process for replays whenever some wait, for ever. The database being away is waited out."""
    while True:
        try:
            waits = await history.any_replay_waits_in(pool)
        except DATABASE_AWAY as error:
            log.warning("replays wait for the database", error=repr(error))
        else:
            if waits:
                await _run_beside()
        await asyncio.sleep(LOOK_SECONDS)


async def _run_beside() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "cli", "rules", "run-replays")
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        raise
    if status:
        log.warning("replays broke off", status=status)


async def run_waiting_replays(pool: Pool, clock: Clock) -> int:
    """Runs replays one after the other until none waits; how many. 0 when another process runs them.

    The pool must have two connections: one reads in a transaction of its own, the other tells how far it is.
    """
    ran = 0
    async with pool.acquire() as telling, pool.acquire() as reading:
        if not await history.lead_replays(telling):
            return 0
        while (claim := await history.claim_replay(telling, clock())) is not None:
            await _run(claim, telling, reading, clock)
            ran += 1
    return ran


async def _run(claim: ReplayClaim, telling: Connection, reading: Connection, clock: Clock) -> None:
    if claim.attempts > MOST_ATTEMPTS:
        error = f"broken off {MOST_ATTEMPTS} times"
        await history.finish_replay(telling, claim.replay_id, clock(), done=0, error=error)
        return
    rules = [NewRule.model_validate(definition) for definition in claim.rules]
    try:
        async with reading.transaction(isolation="repeatable_read", readonly=True):
            async for replayed in replay_history(reading, rules, claim.from_time, claim.to_time):
                if replayed.result is not None:
                    found = replayed.result.model_dump(mode="json")
                    done = replayed.done
                    await history.finish_replay(telling, claim.replay_id, clock(), done=done, result=found)
                elif not await history.save_progress(telling, claim.replay_id, replayed.done, replayed.total):
                    return
    except LaurelError as error:
        await history.finish_replay(telling, claim.replay_id, clock(), done=0, error=error.message)

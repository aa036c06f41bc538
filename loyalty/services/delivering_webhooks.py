"""Handing events out to webhooks, and what an attempt makes of a delivery.

Events are read from the outbox as the relay reads them, by what became visible between two snapshots, so that none is
passed over however late its transaction committed. A delivery may be attempted twice (a process that dies between the
answer and the commit), always with the same webhook-id; deliveries are in no order.
"""

import random
from datetime import datetime, timedelta

from loyalty.clock import Clock
from loyalty.domain.webhook import DISABLED_AFTER, retry_after
from loyalty.store import webhooks
from loyalty.store.database import Connection
from loyalty.store.webhooks import AttemptMade, DueDelivery

WINDOW_IDS = 5_000
KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1_000
GONE = 410
JITTER = 0.1


async def hand_out_events(conn: Connection, clock: Clock) -> bool:
    """Makes the deliveries of one window of a cut of the log; whether the cut has more."""
    if not await webhooks.anyone_listens(conn):
        await webhooks.skip_to_now(conn)
        return False
    cut = await webhooks.begin_cut(conn)
    if cut is None:
        return False
    up_to_id = cut.next_id + WINDOW_IDS
    await webhooks.hand_out(conn, cut, up_to_id, clock())
    return up_to_id <= cut.high_id


async def settle_attempt(
    conn: Connection, due: DueDelivery, made: AttemptMade, jitter: random.Random, clock: Clock
) -> None:
    """Writes an attempt down: delivered, to be tried again at its time, or failed for good.

    An endpoint that is gone (410), or that has failed for DISABLED_AFTER without a success, is told nothing more.
    """
    at, attempts = clock(), due.attempts + 1
    await webhooks.record_attempt(conn, due.delivery_id, attempts, made)
    if made.succeeded:
        await webhooks.note_success(conn, due.webhook_id)
        await webhooks.settle(
            conn, due.delivery_id, "delivered", attempts=attempts, next_attempt_at=None, delivered_at=at
        )
        return
    next_at = _next_attempt(attempts, jitter, at)
    await webhooks.settle(
        conn,
        due.delivery_id,
        "pending" if next_at else "failed",
        attempts=attempts,
        next_attempt_at=next_at,
        delivered_at=None,
    )
    await _note_failure(conn, due, made, at)


async def forget_old_deliveries(conn: Connection, clock: Clock) -> int:
    """Forgets some deliveries that are older than KEPT. How many."""
    return await webhooks.forget_deliveries(conn, clock() - KEPT, FORGOTTEN_AT_ONCE)


def _next_attempt(attempts: int, jitter: random.Random, at: datetime) -> datetime | None:
    pause = retry_after(attempts)
    return None if pause is None else at + pause * jitter.uniform(1, 1 + JITTER)


async def _note_failure(conn: Connection, due: DueDelivery, made: AttemptMade, at: datetime) -> None:
    failing_since = await webhooks.note_failure(conn, due.webhook_id, at)
    if made.status == GONE:
        await webhooks.disable(conn, due.webhook_id, "it answered that it is gone (410)")
    elif failing_since is not None and at - failing_since >= DISABLED_AFTER:
        await webhooks.disable(conn, due.webhook_id, f"it has failed since {failing_since:%Y-%m-%d %H:%M} UTC")

"""Reconciling: the database knows what was never processed, so even a lost topic heals.

Purchases and custom events that stay without an award and redemptions that stay pending for longer than a bound are
told of again, with the ids their events had; what was only late is then handled once all the same.

It stays cheap with millions of rows: ids rise with time, so of purchases and of custom events a mark is kept up to
which all are known to be awarded, and a look reads a bounded number of rows after it. The mark stays LATE_COMMITS
behind the bound, since a row may become visible after one with a higher id.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from loyalty.clock import Clock, first_id_at
from loyalty.services import awarding_events, earning, redeeming
from loyalty.services.custom_events import event_recorded
from loyalty.services.events import emit, outgoing
from loyalty.services.recording import transaction_recorded
from loyalty.store import reconciliation
from loyalty.store.database import Connection
from loyalty.store.ledger import lock_wallets
from loyalty.store.reconciliation import CUSTOM_EVENTS, PURCHASES, Trail, UndecidedRedemption
from outbox import NewEvent
from schemas.events import RewardRedeemed

LATE_COMMITS = timedelta(minutes=2)
REMEMBERED = timedelta(days=14)

Missing = TypeVar("Missing")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one look may read and append."""

    page_rows: int = 5_000
    pages: int = 20
    reappends: int = 500


DEFAULT_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many events a look appended again, and whether there is more to look at now."""

    transactions: int
    redemptions: int
    more: bool
    custom_events: int = 0


async def reconcile(
    conn: Connection, clock: Clock, older_than: timedelta, bounds: Bounds = DEFAULT_BOUNDS
) -> Reconciled:
    """One look, in the caller's transaction: a bounded number of rows read and events appended."""
    at = clock()
    look = partial(_find_unawarded, conn, at, older_than, bounds)
    purchases, more_purchases = await look(PURCHASES, earning.CONSUMER, lambda t: t.transaction_id)
    happened, more_events = await look(CUSTOM_EVENTS, awarding_events.CONSUMER, lambda e: e.event_id)
    undecided = await reconciliation.list_undecided(conn, redeeming.CONSUMER, at - older_than, bounds.reappends)
    due = partial(_due, conn, at, older_than)
    due_purchases = await due("transaction.recorded", {t.transaction_id: t for t in purchases})
    due_events = await due(awarding_events.TOPIC, {e.event_id: e for e in happened})
    due_redemptions = await due("reward.redeemed", {r.redemption_id: r for r in undecided})
    members = {t.member_id for t in due_purchases} | {e.member_id for e in due_events}
    await lock_wallets(conn, members | {r.member_id for r in due_redemptions})
    await reconciliation.forget_reappends(conn, at - REMEMBERED)
    await emit(
        conn,
        [transaction_recorded(t, None) for t in due_purchases]
        + [event_recorded(e, None) for e in due_events]
        + [_told_again(r) for r in due_redemptions],
    )
    more = more_purchases or more_events
    return Reconciled(len(due_purchases), len(due_redemptions), more, len(due_events))


async def _find_unawarded(
    conn: Connection,
    at: datetime,
    older_than: timedelta,
    bounds: Bounds,
    trail: Trail[Missing],
    consumer: str,
    id_of: Callable[[Missing], UUID],
) -> tuple[list[Missing], bool]:
    """What is missing in the next pages; moves the mark to just before the first that is."""
    after = mark = await trail.mark(conn)
    upto, settled = first_id_at(at - older_than), first_id_at(at - older_than - LATE_COMMITS)
    missing: list[Missing] = []
    for _ in range(bounds.pages):
        end = await trail.end_of_page(conn, after, upto, bounds.page_rows)
        room = bounds.reappends - len(missing)
        found = await trail.list_unawarded(conn, consumer, after, end or upto, room)
        if not missing:
            mark = _just_before(id_of(found[0])) if found else end or upto
        missing += found
        if end is None or len(missing) == bounds.reappends:
            break
        after = end
    await trail.save_mark(conn, min(mark, settled))
    return missing, end is not None and not missing


async def _due(
    conn: Connection, at: datetime, pause: timedelta, topic: str, missing: dict[UUID, Missing]
) -> Collection[Missing]:
    if not missing:
        return []
    due = await reconciliation.claim_reappends(conn, topic, missing.keys(), at, pause)
    return [found for event_id, found in missing.items() if event_id in due]


def _told_again(redemption: UndecidedRedemption) -> NewEvent:
    event = RewardRedeemed(
        member_id=redemption.member_id,
        redemption_id=redemption.redemption_id,
        reward_id=redemption.reward_id,
        points_cost=redemption.points_cost,
        requested_at=redemption.requested_at,
    )
    return outgoing(event, event_id=redemption.redemption_id, occurred_at=redemption.requested_at)


def _just_before(row_id: UUID) -> UUID:
    return UUID(int=row_id.int - 1)

"""Reconciling: the database knows what was never processed, so even a lost topic heals.

Transactions that stay without an award and redemptions that stay pending for longer than a bound are told of again,
with the ids their events had; what was only late is then handled once all the same.

It stays cheap with millions of rows: transaction ids rise with time, so a mark is kept up to which all are known to be
awarded, and a look reads a bounded number of rows after it. The mark stays LATE_COMMITS behind the bound, since a
transaction may become visible after one with a higher id.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from loyalty.clock import Clock, first_id_at
from loyalty.services import earning, redeeming
from loyalty.services.events import emit, outgoing
from loyalty.services.recording import transaction_recorded
from loyalty.store import reconciliation
from loyalty.store.database import Connection
from loyalty.store.ledger import lock_wallets
from loyalty.store.reconciliation import UndecidedRedemption
from loyalty.store.transactions import StoredTransaction
from outbox import NewEvent
from schemas.events import RewardRedeemed

LATE_COMMITS = timedelta(minutes=2)
REMEMBERED = timedelta(days=14)

Missing = TypeVar("Missing", StoredTransaction, UndecidedRedemption)


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


async def reconcile(
    conn: Connection, clock: Clock, older_than: timedelta, bounds: Bounds = DEFAULT_BOUNDS
) -> Reconciled:
    """One look, in the caller's transaction: a bounded number of rows read and events appended."""
    at = clock()
    unawarded, more = await _find_unawarded(conn, at, older_than, bounds)
    undecided = await reconciliation.list_undecided(conn, redeeming.CONSUMER, at - older_than, bounds.reappends)
    due_transactions = await _due(
        conn, "transaction.recorded", {t.transaction_id: t for t in unawarded}, at, older_than
    )
    due_redemptions = await _due(conn, "reward.redeemed", {r.redemption_id: r for r in undecided}, at, older_than)
    members = {t.member_id for t in due_transactions} | {r.member_id for r in due_redemptions}
    await lock_wallets(conn, members)
    await reconciliation.forget_reappends(conn, at - REMEMBERED)
    await emit(
        conn, [transaction_recorded(t, None) for t in due_transactions] + [_told_again(r) for r in due_redemptions]
    )
    return Reconciled(len(due_transactions), len(due_redemptions), more)


async def _find_unawarded(
    conn: Connection, at: datetime, older_than: timedelta, bounds: Bounds
) -> tuple[list[StoredTransaction], bool]:
    """What is missing in the next pages; moves the mark to just before the first that is."""
    after = mark = await reconciliation.reconciled_up_to(conn)
    upto, settled = first_id_at(at - older_than), first_id_at(at - older_than - LATE_COMMITS)
    missing: list[StoredTransaction] = []
    for _ in range(bounds.pages):
        end = await reconciliation.end_of_page(conn, after, upto, bounds.page_rows)
        room = bounds.reappends - len(missing)
        found = await reconciliation.list_unawarded(conn, earning.CONSUMER, after, end or upto, room)
        if not missing:
            mark = _just_before(found[0].transaction_id) if found else end or upto
        missing += found
        if end is None or len(missing) == bounds.reappends:
            break
        after = end
    await reconciliation.save_reconciled_up_to(conn, min(mark, settled))
    return missing, end is not None and not missing


async def _due(
    conn: Connection, topic: str, missing: dict[UUID, Missing], at: datetime, pause: timedelta
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


def _just_before(transaction_id: UUID) -> UUID:
    return UUID(int=transaction_id.int - 1)

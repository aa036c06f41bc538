"""Deciding redemptions: a batch of reward.redeemed events, in one transaction, in a fixed number of statements.

Invariants: a redemption is decided once; wallets, redemptions and rewards are locked, in this order and each in the
order of their ids, before anything is decided; balance, stock, codes and limits are consumed in the order of the batch;
redemption.completed and redemption.reserved go to the outbox last.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.redemption import Completed, Rejected
from loyalty.services.deciding import Decided, Decider, RandomBytes, Redeemed
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.incoming import NOTHING_HANDLED, Handled, first_of_each
from loyalty.services.posting import Book
from loyalty.store import decisions, inbox
from loyalty.store.database import Connection
from loyalty.store.decisions import NewDecision
from outbox import NewEvent
from schemas.events import RedemptionCompleted, RedemptionReserved

CONSUMER = "redeeming"

__all__ = ["CONSUMER", "RandomBytes", "Redeemed", "decide_redemptions"]


async def decide_redemptions(
    conn: Connection,
    events: Sequence[Redeemed],
    clock: Clock,
    ids: IdSource = new_id,
    random_bytes: RandomBytes = os.urandom,
) -> Handled:
    """Decides the redemptions that were not decided before, in the order given.

    Raises NotFound for an unknown member, redemption or reward, and asyncpg's errors; then the transaction must be
    rolled back.
    """
    fresh = await _claim(conn, events)
    if not fresh:
        return NOTHING_HANDLED
    at = clock()
    book = await Book.open(conn, {event.body.member_id for event in fresh})
    decider = await Decider.open(conn, fresh, book, at, ids=ids, random_bytes=random_bytes)
    expired = book.expire_due(at, ids)
    decided = [decider.decide(event, at) for event in fresh]
    entry_ids = await book.close(conn, at)
    await decisions.save_decisions(conn, [_row(done, entry_ids.get(done.event.event_id)) for done in decided], at)
    await decisions.take_stock(conn, decider.taken, at)
    await decisions.take_vouchers(conn, decider.codes_taken)
    outcomes = [_outcome(done, ids(), at) for done in decided]
    await emit(conn, [points_expired(entry, at) for entry in expired] + outcomes)
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def _claim(conn: Connection, events: Sequence[Redeemed]) -> list[Redeemed]:
    claimed = await inbox.claim_redemptions(conn, CONSUMER, {event.event_id for event in events})
    return first_of_each(events, claimed)


def _row(done: Decided, entry_id: int | None) -> NewDecision:
    redemption_id = done.event.body.redemption_id
    if isinstance(done.decision, Rejected):
        reason = done.decision.reason.value
        return NewDecision(redemption_id, "rejected", reason, None, done.wallet_version, returned_entry_id=entry_id)
    if done.reserved_until is not None:
        return NewDecision(
            redemption_id, "reserved", None, None, None, hold_entry_id=entry_id, reserved_until=done.reserved_until
        )
    return NewDecision(redemption_id, "completed", None, done.voucher_code, done.wallet_version, entry_id=entry_id)


def _outcome(done: Decided, event_id: UUID, at: datetime) -> NewEvent:
    body = _redemption_reserved(done, at) if done.reserved_until is not None else _redemption_completed(done, at)
    return outgoing(body, event_id=event_id, occurred_at=at, traceparent=done.event.traceparent)


def _redemption_completed(done: Decided, at: datetime) -> RedemptionCompleted:
    body, decision = done.event.body, done.decision
    return RedemptionCompleted(
        member_id=body.member_id,
        redemption_id=body.redemption_id,
        reward_id=body.reward_id,
        outcome="completed" if isinstance(decision, Completed) else "rejected",
        reason=decision.reason.value if isinstance(decision, Rejected) else None,
        points_spent=decision.points_spent if isinstance(decision, Completed) else 0,
        available_after=done.available_after,
        completed_at=at,
    )


def _redemption_reserved(done: Decided, at: datetime) -> RedemptionReserved:
    assert isinstance(done.decision, Completed), "only what is granted is reserved"
    assert done.reserved_until is not None, "a reservation ends"
    return RedemptionReserved(
        member_id=done.event.body.member_id,
        redemption_id=done.event.body.redemption_id,
        reward_id=done.event.body.reward_id,
        points_held=done.decision.points_spent,
        available_after=done.available_after,
        reserved_at=at,
        reserved_until=done.reserved_until,
    )

"""Redemptions that come to nothing after all: cancelled by an operator, released by a partner, not confirmed in time.

The points go back to the lots they came from, less what the member owes; the stock goes back too, unless it is written
off. A voucher code that was handed out is never handed out again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Conflict, NotFound, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.posting import Book
from loyalty.services.returning import Returned, Returner
from loyalty.services.tending import NOTHING_TENDED, STEP_ROWS, Tended
from loyalty.store import decisions, program, rewards_admin, settling
from loyalty.store.database import Connection
from loyalty.store.settling import Cancelled, SettledRedemption
from outbox import NewEvent
from schemas.admin.rewards import Cancellation, Redemption
from schemas.events import RedemptionCancelled

Cause = Literal["cancelled", "released", "timed_out"]
NOT_CONFIRMED = "not confirmed in time"


class RedemptionNotCancellable(Conflict):
    """Only a redemption that is completed or reserved can be cancelled."""

    code = "redemption_not_cancellable"
    members = having(redemption_status=str)


class RedemptionNotReserved(Conflict):
    """The redemption is not reserved, or no longer."""

    code = "redemption_not_reserved"
    members = having(redemption_status=str)


async def cancel_redemption(
    conn: Connection, redemption_id: UUID, command: Cancellation, actor: Actor, clock: Clock, ids: IdSource = new_id
) -> Redemption:
    """Raises NotFound, RedemptionNotCancellable."""
    at = clock()
    book, redemption = await lock_settled(conn, redemption_id)
    if redemption.status not in ("completed", "reserved"):
        raise RedemptionNotCancellable(redemption_status=redemption.status)
    undoing = _Undoing("cancelled", command.reason, command.stock == "return", actor.traceparent)
    return await _undo_one(conn, book, redemption, undoing, actor, at, ids)


async def release_redemption(
    conn: Connection, redemption_id: UUID, reason: str, actor: Actor, clock: Clock, ids: IdSource = new_id
) -> Redemption:
    """The partner cannot deliver. Raises NotFound (also for another partner's), RedemptionNotReserved."""
    at = clock()
    book, redemption = await lock_settled(conn, redemption_id)
    check_reserved(redemption, actor)
    undoing = _Undoing("released", reason, stock_back=True, traceparent=actor.traceparent)
    return await _undo_one(conn, book, redemption, undoing, actor, at, ids)


async def end_reservations(conn: Connection, clock: Clock, limit: int = STEP_ROWS, ids: IdSource = new_id) -> Tended:
    """Gives back the points of at most `limit` reservations that were not confirmed in time."""
    at = clock()
    overdue = await settling.list_overdue(conn, at, limit)
    if not overdue:
        return NOTHING_TENDED
    book = await Book.open(conn, set(overdue.values()))
    locked = await settling.lock_redemptions(conn, overdue)
    ended = [redemption for redemption in locked if _is_overdue(redemption, at)]
    await emit(conn, await _undo(conn, book, ended, _Undoing("timed_out", NOT_CONFIRMED, stock_back=True), at, ids))
    return Tended(frozenset(redemption.member_id for redemption in ended), len(overdue) == limit)


async def lock_settled(conn: Connection, redemption_id: UUID) -> tuple[Book, SettledRedemption]:
    """The member's wallet and then the redemption, both locked. Raises NotFound."""
    book = await Book.open(conn, {await settling.get_member_id(conn, redemption_id)})
    [redemption] = await settling.lock_redemptions(conn, [redemption_id])
    return book, redemption


def check_reserved(redemption: SettledRedemption, actor: Actor) -> None:
    """Raises NotFound for a merchant that is not the reward's partner, RedemptionNotReserved."""
    if actor.kind == "merchant" and str(redemption.partner_id) != actor.id:
        raise NotFound("There is no such redemption.")
    if redemption.status != "reserved":
        raise RedemptionNotReserved(redemption_status=redemption.status)


@dataclass(frozen=True, slots=True)
class _Undoing:
    cause: Cause
    reason: str
    stock_back: bool
    traceparent: str | None = None


async def _undo_one(
    conn: Connection,
    book: Book,
    redemption: SettledRedemption,
    undoing: _Undoing,
    actor: Actor,
    at: datetime,
    ids: IdSource,
) -> Redemption:
    before = await rewards_admin.get_redemption(conn, redemption.redemption_id)
    events = await _undo(conn, book, [redemption], undoing, at, ids)
    after = await rewards_admin.get_redemption(conn, redemption.redemption_id)
    change = Change(f"redemption.{undoing.cause}", "redemption", str(redemption.redemption_id), before, after)
    await record_change(conn, change, actor, at)
    await emit(conn, events)
    return after


async def _undo(
    conn: Connection,
    book: Book,
    redemptions: Sequence[SettledRedemption],
    undoing: _Undoing,
    at: datetime,
    ids: IdSource,
) -> list[NewEvent]:
    """Everything but the events, which are given back to be emitted last."""
    policy = await program.get_points_policy(conn)
    taken = await decisions.list_taken(conn, [_drawing_entry(redemption) for redemption in redemptions])
    returner = Returner(book, policy.expired_lot_grace_days, at, ids)
    undone: list[tuple[SettledRedemption, Returned]] = []
    for redemption in redemptions:
        points = taken[_drawing_entry(redemption)]
        about = (ids(), redemption.member_id, redemption.redemption_id, points)
        if redemption.entry_id is None:
            returned = returner.give_back_held(*about, undoing.traceparent)
        else:
            returned = returner.give_back_spent(*about, undoing.reason, undoing.traceparent)
        undone.append((redemption, returned))
    entry_ids = await book.close(conn, at)
    cancelled = [
        Cancelled(redemption.redemption_id, entry_ids[returned.entry.event_id], returned.wallet_version)
        for redemption, returned in undone
    ]
    await settling.save_cancelled(conn, cancelled, undoing.reason, at)
    await _return_stock(conn, redemptions if undoing.stock_back else (), at)
    return [event for redemption, returned in undone for event in _events(redemption, returned, undoing, at)]


async def _return_stock(conn: Connection, redemptions: Sequence[SettledRedemption], at: datetime) -> None:
    back = Counter(redemption.reward_id for redemption in redemptions if redemption.stock_counted)
    if back:
        await decisions.lock_rewards(conn, back)
        await decisions.take_stock(conn, {reward_id: -count for reward_id, count in back.items()}, at)


def _drawing_entry(redemption: SettledRedemption) -> int:
    """The entry that took the points out of their lots: the one that held them, if they were held."""
    entry_id = redemption.hold_entry_id or redemption.entry_id
    assert entry_id is not None, "a redemption that was decided for has points"
    return entry_id


def _is_overdue(redemption: SettledRedemption, at: datetime) -> bool:
    until = redemption.reserved_until
    return redemption.status == "reserved" and until is not None and until <= at


def _events(redemption: SettledRedemption, returned: Returned, undoing: _Undoing, at: datetime) -> list[NewEvent]:
    entry, expired = returned.entry, returned.expired
    body = RedemptionCancelled(
        member_id=redemption.member_id,
        redemption_id=redemption.redemption_id,
        reward_id=redemption.reward_id,
        cause=undoing.cause,
        reason=undoing.reason,
        points_returned=entry.points,
        available_after=entry.available_after,
        cancelled_at=at,
    )
    cancelled = outgoing(body, event_id=entry.event_id, occurred_at=at, traceparent=undoing.traceparent)
    return [cancelled] if expired is None else [cancelled, points_expired(expired, at)]

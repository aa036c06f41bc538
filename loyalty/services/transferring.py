"""Transfers: a member gives points to another.

Both wallets are locked in the order of their ids, as always, so that two who give each other points at once do not wait
for each other for ever. The points keep their time of expiry: giving them away and back makes nothing live longer.
Points that expire with their owner's inactivity get the time at which they would have expired.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import receive, send
from loyalty.domain.lots import InsufficientPoints, Lot, consume
from loyalty.errors import Conflict, Invalid, NotFound, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.posting import Book, Booking, PostedEntry
from loyalty.store import program, transfers
from loyalty.store.database import Connection
from loyalty.store.ledger import NewLot
from loyalty.store.members import MemberInactive, check_active
from outbox import NewEvent
from schemas.admin.points_policy import Transfers
from schemas.events import PointsTransferred
from schemas.transfers import NewTransfer, Transfer


class TransfersDisabled(Conflict):
    """In this program members cannot give each other points."""

    code = "transfers_disabled"


class TransferLimitReached(Conflict):
    """The member has given away as many points as a month allows."""

    code = "transfer_limit_reached"
    members = having(points_left=int)


class RecipientInactive(Conflict):
    """The membership of the recipient is not active."""

    code = "recipient_inactive"


TRANSFER_PROBLEMS = (TransfersDisabled, TransferLimitReached, RecipientInactive, InsufficientPoints, MemberInactive)
"""Why points may not be given, besides a request that makes no sense."""


@dataclass(frozen=True, slots=True)
class _Given:
    """The entries on both sides of a transfer."""

    sent: PostedEntry
    received: PostedEntry


async def transfer_points(
    conn: Connection, from_member_id: UUID, command: NewTransfer, actor: Actor, clock: Clock, ids: IdSource = new_id
) -> Transfer:
    """Raises Invalid (an unknown recipient, oneself, fewer points than the program moves), TransfersDisabled,
    TransferLimitReached, RecipientInactive, MemberInactive, and InsufficientPoints with points_missing."""
    at = clock()
    if from_member_id == command.to_member_id:
        raise Invalid([("/to_member_id", "That is the member who gives")])
    book = await _open(conn, from_member_id, command.to_member_id)
    await _check_policy(conn, (await program.get_points_policy(conn)).transfers, from_member_id, command, at)
    await book.load_lots(conn, {from_member_id: command.points}, at)
    expired = book.expire_due(at, ids)
    transfer_id = ids()
    given = _give(book, from_member_id, command, transfer_id, actor, at, ids)
    entry_ids = await book.close(conn, at)
    transfer = Transfer(
        transfer_id=transfer_id,
        from_member_id=from_member_id,
        available_after=given.sent.available_after,
        transferred_at=at,
        **dict(command),
    )
    await transfers.insert(conn, transfer, entry_ids[given.sent.event_id], entry_ids[given.received.event_id])
    # The note is the giver's own words: it is kept with the transfer alone, where erasure finds it.
    told = transfer.model_copy(update={"note": None})
    change = Change("points.transferred", "member", str(from_member_id), None, told)
    await record_change(conn, change, actor, at)
    await emit(conn, [points_expired(entry, at) for entry in expired] + _events(transfer, given, actor))
    return transfer


async def _open(conn: Connection, from_member_id: UUID, to_member_id: UUID) -> Book:
    try:
        book = await Book.open(conn, {from_member_id, to_member_id})
    except NotFound:
        raise Invalid([("/to_member_id", "There is no such member")]) from None
    check_active(book.wallets[from_member_id].status)
    if book.wallets[to_member_id].status != "active":
        raise RecipientInactive
    return book


async def _check_policy(
    conn: Connection, policy: Transfers, member_id: UUID, command: NewTransfer, at: datetime
) -> None:
    if not policy.enabled:
        raise TransfersDisabled
    if command.points < policy.minimum_points:
        raise Invalid([("/points", f"At least {policy.minimum_points} points are given at once")])
    if policy.points_per_month is not None:
        left = policy.points_per_month - await transfers.points_sent_this_month(conn, member_id, at)
        if command.points > left:
            raise TransferLimitReached(points_left=max(0, left))


def _give(
    book: Book,
    from_member_id: UUID,
    command: NewTransfer,
    transfer_id: UUID,
    actor: Actor,
    at: datetime,
    ids: IdSource,
) -> _Given:
    before = book.spendable_lots(from_member_id)
    draft = send(ids(), from_member_id, command.points)
    sent = book.post(Booking(draft, transfer_id, at, traceparent=actor.traceparent))
    owed = book.wallets[command.to_member_id].owed
    draft = receive(ids(), command.to_member_id, command.points, owed=owed)
    lots = _received_lots(before, command.points, min(owed, command.points), at)
    received = book.post(Booking(draft, transfer_id, at, traceparent=actor.traceparent, lots=lots))
    return _Given(sent, received)


def _received_lots(lots: Sequence[Lot], points: int, paid: int, at: datetime) -> list[NewLot]:
    """The giver's lots as the recipient gets them, less what the recipient owed: that takes what expires soonest."""
    by_id = {lot.lot_id: lot for lot in lots}
    received: Counter[datetime | None] = Counter()
    for draw in consume(lots, points):
        kept = draw.points - min(paid, draw.points)
        paid -= draw.points - kept
        received[by_id[draw.lot_id].expires_at] += kept
    return [NewLot(kept, at, expires_at) for expires_at, kept in received.items() if kept]


def _events(transfer: Transfer, given: _Given, actor: Actor) -> list[NewEvent]:
    sides = (
        (given.sent, transfer.to_member_id, -transfer.points),
        (given.received, transfer.from_member_id, transfer.points),
    )
    return [
        outgoing(
            PointsTransferred(
                member_id=entry.member_id,
                transfer_id=transfer.transfer_id,
                other_member_id=other,
                points=points,
                available_after=entry.available_after,
                transferred_at=transfer.transferred_at,
            ),
            event_id=entry.event_id,
            occurred_at=transfer.transferred_at,
            traceparent=actor.traceparent,
        )
        for entry, other, points in sides
    ]

"""Pending points whose time has come become available; what the member owes is paid first."""

from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import release
from loyalty.domain.lots import Lot, consume
from loyalty.services.events import emit, outgoing
from loyalty.services.posting import Book, Booking, PostedEntry
from loyalty.services.tending import NOTHING_TENDED, STEP_ROWS, Tended
from loyalty.store import timed
from loyalty.store.database import Connection
from outbox import NewEvent
from schemas.events import PointsReleased


async def release_points(conn: Connection, clock: Clock, limit: int = STEP_ROWS, ids: IdSource = new_id) -> Tended:
    """Releases at most `limit` lots, in one entry for each member."""
    at = clock()
    candidates = await timed.list_lots_to_release(conn, at, limit)
    if not candidates:
        return NOTHING_TENDED
    book = await Book.open(conn, set(candidates.values()))
    by_member = await timed.list_pending_lots(conn, candidates, at)
    events = [_release(book, member_id, lots, at, ids()) for member_id, lots in by_member.items()]
    await book.close(conn, at)
    await emit(conn, events)
    return Tended(frozenset(by_member), len(candidates) == limit)


def _release(book: Book, member_id: UUID, lots: list[Lot], at: datetime, event_id: UUID) -> NewEvent:
    points = sum(lot.remaining for lot in lots)
    paid = min(points, book.wallets[member_id].owed)
    booking = Booking(
        release(event_id, member_id, points, owed=paid),
        source_id=event_id,
        booked_at=at,
        lots=(),
        draws=consume(lots, paid),
        releases=[lot.lot_id for lot in lots],
    )
    return _points_released(book.post(booking), points, paid, at)


def _points_released(entry: PostedEntry, points: int, paid: int, at: datetime) -> NewEvent:
    body = PointsReleased(
        member_id=entry.member_id,
        points=points,
        points_paid=paid,
        available_after=entry.available_after,
        released_at=at,
    )
    return outgoing(body, event_id=entry.event_id, occurred_at=at)

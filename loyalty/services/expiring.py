"""Expiry: points that nobody spent in time leave their wallets.

It is found by the lots, whatever made them: there is no way to give points past this. Whoever spends points books out
what has expired first (`Book.expire_due`), so nothing depends on how soon this work gets to it.
"""

from datetime import datetime

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.lots import Lot, unexpired
from loyalty.services.events import emit, outgoing
from loyalty.services.posting import Book, PostedEntry
from loyalty.services.tending import NOTHING_TENDED, STEP_ROWS, Tended
from loyalty.store import timed
from loyalty.store.database import Connection
from outbox import NewEvent
from schemas.events import PointsExpired


async def expire_points(conn: Connection, clock: Clock, limit: int = STEP_ROWS, ids: IdSource = new_id) -> Tended:
    """Books out at most `limit` expired lots, one entry for each member; rolling lots that live on are noted so."""
    at = clock()
    candidates = await timed.list_lots_to_expire(conn, at, limit)
    if not candidates:
        return NOTHING_TENDED
    book = await Book.open(conn, set(candidates.values()))
    by_member = await timed.list_due_lots(conn, candidates)
    await timed.roll_lots(conn, [lot for lots in by_member.values() for lot in unexpired(lots, at)])
    expired = {member_id: _expired(lots, at) for member_id, lots in by_member.items()}
    posted = [book.expire_lots(member_id, lots, at, ids()) for member_id, lots in expired.items() if lots]
    await book.close(conn, at)
    await emit(conn, [points_expired(entry, at) for entry in posted])
    return Tended(frozenset(entry.member_id for entry in posted), len(candidates) == limit)


def points_expired(entry: PostedEntry, at: datetime) -> NewEvent:
    """The event of an entry that books out expired points."""
    body = PointsExpired(
        member_id=entry.member_id,
        points=entry.points,
        available_after=entry.available_after,
        expired_at=at,
    )
    return outgoing(body, event_id=entry.event_id, occurred_at=at)


def _expired(lots: list[Lot], at: datetime) -> list[Lot]:
    living = {lot.lot_id for lot in unexpired(lots, at)}
    return [lot for lot in lots if lot.lot_id not in living]

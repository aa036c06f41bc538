"""Taking an award's points back out of a book: from its own lot first, then out of others, as was planned."""

from datetime import datetime
from uuid import UUID

from loyalty.domain.lots import Lot, LotDraw, consume
from loyalty.domain.reversal import OwnPoints, Reversal
from loyalty.services.posting import Book
from loyalty.store.refunds import EarnedLot


def know_own_lot(book: Book, member_id: UUID, lot: EarnedLot, at: datetime) -> None:
    """Adds the award's lot to what the book can spend, if there is something in it to spend."""
    if lot.remaining and not lot.pending and not _is_over(lot, at):
        book.know_lots(member_id, [Lot(lot.lot_id, lot.remaining, lot.expires_at)])


def own_points(lot: EarnedLot | None, counted: int, at: datetime) -> OwnPoints:
    """What has become of the award's points that is not in the book; `counted` lapsed ones were told of before."""
    if lot is None:
        return OwnPoints()
    if lot.pending:
        return OwnPoints(pending=lot.remaining)
    return OwnPoints(lapsed=lot.expired + (lot.remaining if _is_over(lot, at) else 0) - counted)


def own_points_now(book: Book, member_id: UUID, lot: EarnedLot | None, own: OwnPoints) -> OwnPoints:
    """The same with what the book has of the award's lot, as the entries so far leave it."""
    spendable = book.spendable_lots(member_id)
    left = next((there.remaining for there in spendable if lot and there.lot_id == lot.lot_id), 0)
    return OwnPoints(own.pending, left, own.lapsed)


def draws_of(book: Book, member_id: UUID, lot: EarnedLot | None, reversal: Reversal) -> list[LotDraw]:
    """The draws by which the planned points are taken."""
    others = [there for there in book.spendable_lots(member_id) if lot is None or there.lot_id != lot.lot_id]
    draws = consume(others, reversal.other)
    if lot is not None and (own := reversal.pending + reversal.own):
        draws.append(LotDraw(lot.lot_id, own))
    return draws


def _is_over(lot: EarnedLot, at: datetime) -> bool:
    return lot.expires_at is not None and lot.expires_at <= at

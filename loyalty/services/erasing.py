"""Erasure: what identifies a member is forgotten, what happened is not.

The ledger, purchases and redemptions stay under the member's id, which from then on names nobody. Points that are left
are forfeited, so that the program owes nothing to no one; what is still pending or held comes free in its own way and
stays unspent until it expires. It cannot be taken back (docs/decisions/0520-what-erasure-forgets.md).
"""

from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import adjust
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.posting import Book, Booking, PostedEntry
from loyalty.store import identities
from loyalty.store.database import Connection
from outbox import NewEvent
from schemas.admin.members import Erasure, ErasureReason
from schemas.events import MemberErased, PointsAdjusted

FORFEITED = "forfeited: the member was erased"


async def erase_member(
    conn: Connection, member_id: UUID, reason: ErasureReason, actor: Actor, clock: Clock, ids: IdSource = new_id
) -> Erasure:
    """Erases the member. One who is erased already stays so: nothing more is booked or told. Raises NotFound."""
    at = clock()
    book = await Book.open(conn, {member_id})
    erased_at = await identities.erased_at(conn, member_id)
    if erased_at is not None:
        return Erasure(member_id=member_id, reason=reason, erased_at=erased_at, points_forfeited=0)
    events, points = await _forfeit(conn, book, member_id, actor, at, ids)
    await identities.erase(conn, member_id, at)
    erasure = Erasure(member_id=member_id, reason=reason, erased_at=at, points_forfeited=points)
    # Whoever erases themselves leaves no address behind: the log would tell where they were.
    told_by = Actor(actor.kind, actor.id, actor.request_id, None if actor.kind == "member" else actor.address)
    await record_change(conn, Change("member.erased", "member", str(member_id), None, erasure), told_by, at)
    erased = MemberErased(member_id=member_id, erased_at=at)
    events.append(outgoing(erased, event_id=ids(), occurred_at=at, traceparent=actor.traceparent))
    await emit(conn, events)
    return erasure


async def _forfeit(
    conn: Connection, book: Book, member_id: UUID, actor: Actor, at: datetime, ids: IdSource
) -> tuple[list[NewEvent], int]:
    """Books out all that is available: the events that tell of it, and how many points it was."""
    await book.load_lots(conn, {member_id: book.wallets[member_id].available}, at)
    events = [points_expired(entry, at) for entry in book.expire_due(at, ids)]
    points = book.wallets[member_id].available
    if points:
        adjustment_id = ids()
        draft = adjust(adjustment_id, member_id, -points, FORFEITED)
        entry = book.post(Booking(draft, source_id=adjustment_id, booked_at=at, traceparent=actor.traceparent))
        events.append(_adjusted(entry, points, at, actor.traceparent))
    await book.close(conn, at)
    return events, points


def _adjusted(entry: PostedEntry, points: int, at: datetime, traceparent: str | None) -> NewEvent:
    body = PointsAdjusted(
        member_id=entry.member_id,
        adjustment_id=entry.event_id,
        points=-points,
        reason=FORFEITED,
        available_after=entry.available_after,
        adjusted_at=at,
    )
    return outgoing(body, event_id=entry.event_id, occurred_at=at, traceparent=traceparent)

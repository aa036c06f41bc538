"""Adjustments: points that an operator gives or takes by hand, who says why."""

from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import adjust
from loyalty.errors import Conflict
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.points_policy import terms_of
from loyalty.services.posting import Book, Booking
from loyalty.store import members_admin
from loyalty.store import program as programs
from loyalty.store.database import Connection
from schemas.admin.members import Adjustment, NewAdjustment
from schemas.events import PointsAdjusted


class MemberErased(Conflict):
    """The member has been erased: nothing happens to their points any more."""

    code = "member_erased"


async def adjust_points(
    conn: Connection, member_id: UUID, command: NewAdjustment, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Adjustment:
    """Books the points at once. Points given expire like those earned now, but are never pending; points taken leave
    soonest-expiry first.

    Raises NotFound, MemberErased, and InsufficientPoints (with points_missing) for more than is available.
    """
    member = await members_admin.get_member(conn, member_id)
    if member.status == "erased":
        raise MemberErased
    adjustment_id, at = make_id(), clock()
    program = await programs.get_program(conn)
    book = await Book.open(conn, {member_id})
    await book.load_lots(conn, {member_id: max(0, -command.points)}, at)
    expired = book.expire_due(at, make_id)
    draft = adjust(adjustment_id, member_id, command.points, command.reason, owed=book.wallets[member_id].owed)
    terms = terms_of(program.points)
    booking = Booking(
        draft,
        source_id=adjustment_id,
        booked_at=at,
        expires_at=terms.expires_at(at, ZoneInfo(program.time_zone)),
        traceparent=actor.traceparent,
        rolls_months=terms.rolls_months,
    )
    entry = book.post(booking)
    await book.close(conn, at)
    adjustment = Adjustment(
        adjustment_id=adjustment_id,
        member_id=member_id,
        points=command.points,
        reason=command.reason,
        available_after=entry.available_after,
        adjusted_at=at,
    )
    await record_change(conn, Change("member.adjusted", "member", str(member_id), None, adjustment), actor, at)
    event = PointsAdjusted(**adjustment.model_dump())
    adjusted = outgoing(event, event_id=adjustment_id, occurred_at=at, traceparent=actor.traceparent)
    await emit(conn, [*(points_expired(entry, at) for entry in expired), adjusted])
    return adjustment

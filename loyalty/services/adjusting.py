"""Adjustments: points that an operator gives or takes by hand, who says why."""

from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import adjust
from loyalty.errors import Conflict
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.posting import Booking, post_entries
from loyalty.store import members_admin
from loyalty.store.database import Connection
from schemas.admin.members import Adjustment, NewAdjustment
from schemas.events import PointsAdjusted


class MemberErased(Conflict):
    """The member has been erased: nothing happens to their points any more."""

    code = "member_erased"


async def adjust_points(
    conn: Connection, member_id: UUID, command: NewAdjustment, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Adjustment:
    """Books the points at once. Points given make a lot that does not expire; points taken leave soonest-expiry first.

    Raises NotFound, MemberErased, and InsufficientPoints (with points_missing) for more than is available.
    """
    member = await members_admin.get_member(conn, member_id)
    if member.status == "erased":
        raise MemberErased
    adjustment_id, at = make_id(), clock()
    draft = adjust(adjustment_id, member_id, command.points, command.reason)
    booking = Booking(draft, source_id=adjustment_id, booked_at=at, traceparent=actor.traceparent)
    [entry] = await post_entries(conn, [booking], at)
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
    await emit(conn, [outgoing(event, event_id=adjustment_id, occurred_at=at, traceparent=actor.traceparent)])
    return adjustment

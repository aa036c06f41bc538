"""Asking for a reward. Nothing is decided here: the worker decides, with the points the member then has.

The wallet is locked first and reward.redeemed emitted last; the event's id is the redemption's.
"""

from dataclasses import dataclass
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.services.events import emit, outgoing
from loyalty.store import redemptions, rewards
from loyalty.store.database import Connection
from schemas.customer import Redemption
from schemas.events import RewardRedeemed


@dataclass(frozen=True, slots=True)
class RequestRedemption:
    """A member asks for a reward, at the price it has now."""

    member_id: UUID
    reward_id: UUID
    traceparent: str | None = None


async def request_redemption(
    conn: Connection, command: RequestRedemption, clock: Clock, make_id: IdSource = new_id
) -> Redemption:
    """The redemption, pending. Raises NotFound for an unknown reward, Unauthenticated, MemberInactive."""
    at = clock()
    await redemptions.lock_member(conn, command.member_id)
    redemption = Redemption(
        redemption_id=make_id(),
        reward_id=command.reward_id,
        points_cost=await rewards.get_price(conn, command.reward_id),
        status="pending",
        reason=None,
        voucher_code=None,
        requested_at=at,
        completed_at=None,
    )
    await redemptions.insert(conn, command.member_id, redemption)
    event = RewardRedeemed(
        member_id=command.member_id,
        redemption_id=redemption.redemption_id,
        reward_id=command.reward_id,
        points_cost=redemption.points_cost,
        requested_at=at,
    )
    await emit(
        conn, [outgoing(event, event_id=redemption.redemption_id, occurred_at=at, traceparent=command.traceparent)]
    )
    return redemption

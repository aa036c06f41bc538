"""Asking for a reward. Nothing is decided here: the worker decides, with the points the member then has.

Where the program says so, the points are held until then, so that they can be spent on nothing else; a member who has
too few keeps them, and the worker will refuse. The wallet is locked first and reward.redeemed emitted last; the event's
id is the redemption's.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import hold
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.posting import Book, Booking, PostedEntry
from loyalty.store import program, redemptions, rewards
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
    reward = await rewards.get_priced(conn, command.reward_id)
    redemption = Redemption(
        redemption_id=make_id(),
        reward_id=command.reward_id,
        reward_name=reward.name,
        points_cost=reward.points_cost,
        status="pending",
        reason=None,
        voucher_code=None,
        requested_at=at,
        completed_at=None,
    )
    hold_entry_id: int | None = None
    expired: list[PostedEntry] = []
    if (await program.get_points_policy(conn)).hold_at_request:
        hold_entry_id, expired = await _hold(conn, command, redemption, at, make_id)
    await redemptions.insert(conn, command.member_id, redemption, hold_entry_id)
    event = RewardRedeemed(
        member_id=command.member_id,
        redemption_id=redemption.redemption_id,
        reward_id=command.reward_id,
        points_cost=redemption.points_cost,
        requested_at=at,
    )
    asked = outgoing(event, event_id=redemption.redemption_id, occurred_at=at, traceparent=command.traceparent)
    await emit(conn, [*(points_expired(entry, at) for entry in expired), asked])
    return redemption


async def _hold(
    conn: Connection, command: RequestRedemption, redemption: Redemption, at: datetime, make_id: IdSource
) -> tuple[int | None, list[PostedEntry]]:
    """The entry that holds the points, None when there are too few; and those that book out what has expired."""
    book = await Book.open(conn, {command.member_id})
    await book.load_lots(conn, {command.member_id: redemption.points_cost}, at)
    expired = book.expire_due(at, make_id)
    event_id = make_id()
    if book.wallets[command.member_id].available >= redemption.points_cost:
        draft = hold(event_id, command.member_id, redemption.points_cost)
        book.post(Booking(draft, redemption.redemption_id, at, traceparent=command.traceparent))
    return (await book.close(conn, at)).get(event_id), expired

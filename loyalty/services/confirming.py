"""A partner confirms a reservation: the points that were held are spent, and the member has the reward."""

import os
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import redeem
from loyalty.domain.voucher import RANDOM_BYTES, voucher_code
from loyalty.errors import Conflict
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.cancelling import RedemptionNotReserved, check_reserved, lock_settled
from loyalty.services.deciding import RandomBytes
from loyalty.services.events import emit, outgoing
from loyalty.services.posting import Booking
from loyalty.store import rewards_admin, settling
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection
from schemas.admin.rewards import Confirmation, Redemption
from schemas.events import RedemptionCompleted


class ReservationOver(Conflict):
    """The reservation was not confirmed in time: its points go back to the member."""

    code = "reservation_over"


async def confirm_redemption(
    conn: Connection,
    redemption_id: UUID,
    command: Confirmation,
    actor: Actor,
    clock: Clock,
    ids: IdSource = new_id,
    random_bytes: RandomBytes = os.urandom,
) -> Redemption:
    """Raises NotFound (also for another partner's), RedemptionNotReserved, ReservationOver, VoucherCodeTaken."""
    at = clock()
    book, redemption = await lock_settled(conn, redemption_id)
    check_reserved(redemption, actor)
    if redemption.reserved_until is None or redemption.reserved_until <= at:
        raise ReservationOver
    before = await rewards_admin.get_redemption(conn, redemption_id)
    draft = redeem(ids(), redemption.member_id, redemption.points_cost, held=True)
    entry = book.post(Booking(draft, redemption_id, at, traceparent=actor.traceparent))
    entry_ids = await book.close(conn, at)
    code = command.voucher_code or voucher_code(random_bytes(RANDOM_BYTES))
    with conflicts_by_constraint():
        await settling.save_confirmed(conn, redemption_id, code, entry_ids[draft.event_id], entry.wallet_version, at)
    after = await rewards_admin.get_redemption(conn, redemption_id)
    change = Change("redemption.confirmed", "redemption", str(redemption_id), before, after)
    await record_change(conn, change, actor, at)
    body = RedemptionCompleted(
        member_id=redemption.member_id,
        redemption_id=redemption_id,
        reward_id=redemption.reward_id,
        outcome="completed",
        points_spent=redemption.points_cost,
        available_after=entry.available_after,
        completed_at=at,
    )
    await emit(conn, [outgoing(body, event_id=draft.event_id, occurred_at=at, traceparent=actor.traceparent)])
    return after


__all__ = ["RedemptionNotReserved", "ReservationOver", "confirm_redemption"]

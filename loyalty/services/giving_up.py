"""A redemption whose request will never be handled is cancelled, and what was held for it goes back.

That is when an operator skips its dead letter: a member must not wait for ever, nor points be held for ever.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import NotFound
from loyalty.services.cancelling import lock_settled
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.posting import Book, PostedEntry
from loyalty.services.returning import Returner
from loyalty.store import decisions, program, settling
from loyalty.store.database import Connection
from loyalty.store.settling import SettledRedemption
from schemas.events import RedemptionCancelled


class GivenUp(NamedTuple):
    """What giving up left behind: the entry that gave points back, if any were held, and what expired at once."""

    entry: PostedEntry | None
    expired: PostedEntry | None
    available_after: int
    wallet_version: int


async def give_up_redemption(
    conn: Connection, redemption_id: UUID, reason: str, clock: Clock, ids: IdSource = new_id
) -> bool:
    """Cancels a redemption that is still pending; whether there was one. One that is decided stays as it is."""
    try:
        book, redemption = await lock_settled(conn, redemption_id)
    except NotFound:
        return False
    if redemption.status != "pending":
        return False
    at, event_id = clock(), ids()
    done = await _give_back(conn, book, redemption, event_id, at, ids)
    entry_ids = await book.close(conn, at)
    await settling.save_given_up(conn, redemption_id, entry_ids.get(event_id), done.wallet_version, reason, at)
    cancelled = outgoing(_cancelled(redemption, done, reason, at), event_id=event_id, occurred_at=at)
    await emit(conn, [cancelled] if done.expired is None else [cancelled, points_expired(done.expired, at)])
    return True


async def _give_back(
    conn: Connection, book: Book, redemption: SettledRedemption, event_id: UUID, at: datetime, ids: IdSource
) -> GivenUp:
    if redemption.hold_entry_id is None:
        available = book.wallets[redemption.member_id].available
        return GivenUp(None, None, available, book.touch(redemption.member_id))
    policy = await program.get_points_policy(conn)
    taken = await decisions.list_taken(conn, [redemption.hold_entry_id])
    returned = Returner(book, policy.expired_lot_grace_days, at, ids).give_back_held(
        event_id, redemption.member_id, redemption.redemption_id, taken[redemption.hold_entry_id]
    )
    return GivenUp(returned.entry, returned.expired, returned.available_after, returned.wallet_version)


def _cancelled(redemption: SettledRedemption, done: GivenUp, reason: str, at: datetime) -> RedemptionCancelled:
    return RedemptionCancelled(
        member_id=redemption.member_id,
        redemption_id=redemption.redemption_id,
        reward_id=redemption.reward_id,
        cause="cancelled",
        reason=reason,
        points_returned=done.entry.points if done.entry else 0,
        available_after=done.available_after,
        cancelled_at=at,
    )

"""Taking referrals back whose purchase was refunded: both sides' awards, whole, as far as the refund policy goes.

A refund marks the referral (see `save_reversals`) in the transaction that takes the purchase's points back; timed work
takes the awards back, under the locks of both wallets, once both have been made. So a referral is revoked once, for
both sides or for neither, whoever dies on the way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import reverse
from loyalty.domain.reversal import RefundPolicy, Reversal, plan_reversal
from loyalty.domain.rules.limits import Returned
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.limits_given_back import Return, give_limits_back
from loyalty.services.posting import Book, Booking
from loyalty.services.taking_back import draws_of, know_own_lot, own_points, own_points_now
from loyalty.services.tending import NOTHING_TENDED, Tended
from loyalty.store import event_awards, program, refunds
from loyalty.store import referrals as store
from loyalty.store.database import Connection
from loyalty.store.event_awards import EventAward, EventReversal
from loyalty.store.refunds import EarnedLot
from outbox import NewEvent
from schemas.events import EventReversed

STEP_REFERRALS = 100


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An award of an event, what was taken back of it, under which id, and what that left in the wallet."""

    reversal_id: UUID
    award: EventAward
    reversal: Reversal
    available_after: int
    wallet_version: int

    @property
    def returned(self) -> Return:
        """What limits get back."""
        return Return(self.award, Returned(0, self.reversal.reversed + self.reversal.lapsed, self.award.points))

    def row(self, entry_id: int | None) -> EventReversal:
        return EventReversal(
            reversal_id=self.reversal_id,
            event_id=self.award.event_id,
            member_id=self.award.member_id,
            points_due=self.award.points,
            points_reversed=self.reversal.reversed,
            points_owed=self.reversal.owed,
            points_lapsed=self.reversal.lapsed,
            entry_id=entry_id,
            wallet_version=self.wallet_version,
        )


async def revoke_referrals(
    conn: Connection, clock: Clock, limit: int = STEP_REFERRALS, ids: IdSource = new_id
) -> Tended:
    """Takes back at most `limit` referrals of which less than what was asked is left."""
    at = clock()
    candidates = await store.list_broken(conn, limit)
    if not candidates:
        return NOTHING_TENDED
    book = await Book.open(conn, {member for one in candidates for member in (one.referred_id, one.referrer_id)})
    broken = await store.list_broken(conn, limit, [one.referred_id for one in candidates])
    awards = await event_awards.list_awards(conn, [event for one in broken for event in one.event_ids])
    taken, expired = await _take_back(conn, book, awards, at, ids)
    entry_ids = await book.close(conn, at)
    await give_limits_back(conn, [one.returned for one in taken if one.award.points])
    await event_awards.save_reversals(conn, [one.row(entry_ids.get(one.reversal_id)) for one in taken], at)
    await store.save_revoked(conn, [one.referred_id for one in broken], at)
    await emit(conn, [*expired, *(_told(one, ids(), at) for one in taken)])
    return Tended(frozenset(one.award.member_id for one in taken), more=len(candidates) == limit)


async def _take_back(
    conn: Connection, book: Book, awards: Sequence[EventAward], at: datetime, ids: IdSource
) -> tuple[list[TakenBack], list[NewEvent]]:
    """In the order of the awards; with the events of what was found to have expired."""
    lots = await refunds.list_earned_lots(conn, [award.entry_id for award in awards if award.entry_id is not None])
    wanted: Counter[UUID] = Counter()
    for award in awards:
        wanted[award.member_id] += award.points
    await book.load_lots(conn, wanted, at)
    for award in awards:
        if award.entry_id in lots:
            know_own_lot(book, award.member_id, lots[award.entry_id], at)
    expired = book.expire_due(at, ids)
    policy = RefundPolicy((await program.get_points_policy(conn)).refund_policy)
    taken = [_take(book, award, lots.get(award.entry_id or 0), policy, at, ids()) for award in awards]
    return taken, [points_expired(entry, at) for entry in expired]


def _take(
    book: Book, award: EventAward, lot: EarnedLot | None, policy: RefundPolicy, at: datetime, reversal_id: UUID
) -> TakenBack:
    member_id, wallet = award.member_id, book.wallets[award.member_id]
    own = own_points_now(book, member_id, lot, own_points(lot, 0, at))
    reversal = plan_reversal(award.points, own, wallet.available, policy)
    if not reversal.reversed:
        return TakenBack(reversal_id, award, reversal, wallet.available, book.touch(member_id))
    draft = reverse(reversal_id, member_id, pending=reversal.pending, available=reversal.available, owed=reversal.owed)
    posted = book.post(Booking(draft, reversal_id, at, draws=draws_of(book, member_id, lot, reversal)))
    return TakenBack(reversal_id, award, reversal, posted.available_after, posted.wallet_version)


def _told(one: TakenBack, event_id: UUID, at: datetime) -> NewEvent:
    body = EventReversed(
        member_id=one.award.member_id,
        event_id=one.award.event_id,
        event_type=one.award.event_type,
        points=one.reversal.reversed,
        points_due=one.award.points,
        points_owed=one.reversal.owed,
        points_lapsed=one.reversal.lapsed,
        available_after=one.available_after,
        reversed_at=at,
    )
    return outgoing(body, event_id=event_id, occurred_at=at)

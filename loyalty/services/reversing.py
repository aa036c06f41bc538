"""Taking points back: a batch of transaction.refunded events, in one transaction, in a fixed number of statements.

Invariants: a refund takes points back once; the refunds of a purchase are reckoned from all of them in their order, so
it does not matter in which order they come here; a refund of a purchase that has no award yet is left alone, and told
of again when there is one (`tell_again`); points.reversed goes to the outbox last.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import reverse
from loyalty.domain.money import to_minor
from loyalty.domain.refund import AwardedPurchase, Refund, RefundPart, line_weights, points_due
from loyalty.domain.reversal import OwnPoints, RefundPolicy, Reversal, plan_reversal
from loyalty.domain.rules.limits import Returned
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.incoming import NOTHING_HANDLED, Handled, Incoming, first_of_each
from loyalty.services.limits_given_back import Return, give_limits_back
from loyalty.services.posting import Book, Booking
from loyalty.services.refunding import transaction_refunded
from loyalty.services.rulesets import read_tier_rules
from loyalty.services.taking_back import draws_of, know_own_lot, own_points, own_points_now
from loyalty.services.tending import NOTHING_TENDED, STEP_ROWS, Tended
from loyalty.services.tier_book import TierBook
from loyalty.store import program, reconciliation, refunds
from loyalty.store.database import Connection
from loyalty.store.ledger import lock_wallets
from loyalty.store.refunds import EarnedLot, NewReversal, StoredAward, StoredRefund
from outbox import NewEvent
from schemas.events import PointsReversed, TransactionRefunded

CONSUMER = "refunding"
TOPIC = "transaction.refunded"
TOLD_AGAIN_AFTER = timedelta(seconds=2)
"""A refund that is older was told of before its purchase had its award, or its event was lost."""
TOLD_AGAIN_PAUSE = timedelta(minutes=1)

Refunded = Incoming[TransactionRefunded]


@dataclass(frozen=True, slots=True)
class Reversed:
    """A refund with what it took back and what that left in the wallet."""

    event: Refunded
    due: int
    reversal: Reversal
    available_after: int
    wallet_version: int


async def reverse_refunds(
    conn: Connection, events: Sequence[Refunded], clock: Clock, ids: IdSource = new_id
) -> Handled:
    """Takes back the points of refunds that did not yet, in the order given.

    Raises NotFound for an unknown member, and asyncpg's errors; then the transaction must be rolled back.
    """
    claimed = await refunds.claim(conn, CONSUMER, {event.event_id for event in events})
    fresh = first_of_each(events, claimed)
    if not fresh:
        return NOTHING_HANDLED
    at = clock()
    book = await Book.open(conn, {event.body.member_id for event in fresh})
    taker = await _Taker.open(conn, fresh, book, at)
    expired = book.expire_due(at, ids)
    done = [taker.take(event, at) for event in fresh]
    tiers = await TierBook.open(conn, await read_tier_rules(conn), book)
    for one in done:
        amount_minor = to_minor(one.event.body.amount, one.event.body.currency)
        tiers.count(one.event.body.member_id, taker.occurred_at(one), -one.due, -amount_minor, at)
    moves = await tiers.save(conn, at, ids)
    entry_ids = await book.close(conn, at)
    await give_limits_back(conn, [taker.returned(one) for one in done if one.due])
    await refunds.save_reversals(conn, [_row(one, entry_ids.get(one.event.event_id)) for one in done], at)
    reversed_events = [_points_reversed(one, ids(), at) for one in done]
    await emit(conn, [points_expired(entry, at) for entry in expired] + reversed_events + moves)
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def tell_again(conn: Connection, clock: Clock, limit: int = STEP_ROWS) -> Tended:
    """Appends the events of refunds again that came before their purchase's award, or whose event was lost."""
    at = clock()
    waiting = await refunds.list_unreversed(conn, CONSUMER, at - TOLD_AGAIN_AFTER, limit)
    if not waiting:
        return NOTHING_TENDED
    due = await reconciliation.claim_reappends(conn, TOPIC, [r.refund_id for r in waiting], at, TOLD_AGAIN_PAUSE)
    again = [refund for refund in waiting if refund.refund_id in due]
    await lock_wallets(conn, {refund.member_id for refund in again})
    awards = await refunds.list_awards(conn, {refund.transaction_id for refund in again})
    await emit(conn, [transaction_refunded(refund, awards[refund.transaction_id].currency, None) for refund in again])
    return Tended(frozenset(refund.member_id for refund in again), len(again) == limit)


class _Taker:
    """Where points are taken back: balances and purchases' own lots as they stand after each refund of the batch."""

    def __init__(
        self,
        book: Book,
        policy: RefundPolicy,
        dues: Mapping[UUID, int],
        lots: dict[UUID, EarnedLot],
        own: dict[UUID, OwnPoints],
        awards: Mapping[UUID, StoredAward],
        returned: dict[UUID, int],
    ) -> None:
        self._awards = awards
        self._returned = returned
        self._book = book
        self._policy = policy
        self._dues = dues
        self._lots = lots
        self._own = own

    @classmethod
    async def open(cls, conn: Connection, events: Sequence[Refunded], book: Book, at: datetime) -> "_Taker":
        transaction_ids = {event.body.transaction_id for event in events}
        awards = await refunds.list_awards(conn, transaction_ids)
        histories = await refunds.list_refunds(conn, transaction_ids)
        made = await refunds.list_earned_lots(conn, [a.entry_id for a in awards.values() if a.entry_id is not None])
        lots = {a.transaction_id: made[a.entry_id] for a in awards.values() if a.entry_id in made}
        dues = {refund_id: due for a in awards.values() for refund_id, due in _dues(a, histories[a.transaction_id])}
        wanted: Counter[UUID] = Counter()
        for event in events:
            wanted[event.body.member_id] += dues[event.event_id]
        await book.load_lots(conn, wanted, at)
        for transaction_id, lot in lots.items():
            know_own_lot(book, awards[transaction_id].member_id, lot, at)
        own = {
            transaction_id: own_points(lots.get(transaction_id), _lapsed(histories[transaction_id]), at)
            for transaction_id in transaction_ids
        }
        policy = RefundPolicy((await program.get_points_policy(conn)).refund_policy)
        returned = {
            transaction_id: sum((r.points_reversed or 0) + (r.points_lapsed or 0) for r in history)
            for transaction_id, history in histories.items()
        }
        return cls(book, policy, dues, lots, own, awards, returned)

    def occurred_at(self, done: Reversed) -> datetime:
        """When the refunded purchase was made: it ceases to count towards a tier there."""
        return self._awards[done.event.body.transaction_id].occurred_at

    def returned(self, done: Reversed) -> Return:
        """What the refund leaves the member without, in the order in which the refunds were taken."""
        award = self._awards[done.event.body.transaction_id]
        before = self._returned[award.transaction_id]
        self._returned[award.transaction_id] = before + done.reversal.reversed + done.reversal.lapsed
        return Return(award, Returned(before, self._returned[award.transaction_id], award.points))

    def take(self, event: Refunded, at: datetime) -> Reversed:
        """Takes back what one refund is due."""
        body, due = event.body, self._dues[event.event_id]
        wallet, lot = self._book.wallets[body.member_id], self._lots.get(body.transaction_id)
        own = own_points_now(self._book, body.member_id, lot, self._own[body.transaction_id])
        reversal = plan_reversal(due, own, wallet.available, self._policy)
        self._own[body.transaction_id] = OwnPoints(own.pending - reversal.pending, 0, own.lapsed - reversal.lapsed)
        if not reversal.reversed:
            return Reversed(event, due, reversal, wallet.available, self._book.touch(body.member_id))
        draft = reverse(
            event.event_id,
            body.member_id,
            pending=reversal.pending,
            available=reversal.available,
            owed=reversal.owed,
        )
        draws = draws_of(self._book, body.member_id, lot, reversal)
        booking = Booking(draft, body.refund_id, at, traceparent=event.traceparent, draws=draws)
        posted = self._book.post(booking)
        return Reversed(event, due, reversal, posted.available_after, posted.wallet_version)


def _dues(award: StoredAward, history: Sequence[StoredRefund]) -> list[tuple[UUID, int]]:
    amounts = tuple(to_minor(item["amount"], award.currency) for item in award.items) or (award.amount_minor,)
    purchase = AwardedPurchase(award.points, amounts, line_weights(award.receipt, amounts))
    made = [
        Refund(refund.amount_minor, tuple(RefundPart(part["line"], part["amount_minor"]) for part in refund.parts))
        for refund in history
    ]
    return list(zip([refund.refund_id for refund in history], points_due(purchase, made), strict=True))


def _lapsed(history: Sequence[StoredRefund]) -> int:
    return sum(refund.points_lapsed or 0 for refund in history)


def _row(done: Reversed, entry_id: int | None) -> NewReversal:
    return NewReversal(
        refund_id=done.event.body.refund_id,
        points_due=done.due,
        points_reversed=done.reversal.reversed,
        points_owed=done.reversal.owed,
        points_lapsed=done.reversal.lapsed,
        entry_id=entry_id,
        wallet_version=done.wallet_version,
    )


def _points_reversed(done: Reversed, event_id: UUID, at: datetime) -> NewEvent:
    body = PointsReversed(
        member_id=done.event.body.member_id,
        refund_id=done.event.body.refund_id,
        transaction_id=done.event.body.transaction_id,
        points=done.reversal.reversed,
        points_due=done.due,
        points_owed=done.reversal.owed,
        points_lapsed=done.reversal.lapsed,
        available_after=done.available_after,
        reversed_at=at,
    )
    return outgoing(body, event_id=event_id, occurred_at=at, traceparent=done.event.traceparent)

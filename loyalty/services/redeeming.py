"""Deciding redemptions: a batch of reward.redeemed events, in one transaction, in a fixed number of statements.

Invariants: a redemption is decided once; wallets, redemptions and rewards are locked, in this order and each in the
order of their ids, before anything is decided; balance, stock and limits are consumed in the order of the batch;
redemption.completed goes to the outbox last.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.ledger import redeem
from loyalty.domain.redemption import (
    Completed,
    Decision,
    RedeemingMember,
    RedemptionRequest,
    Rejected,
    Reward,
    RewardUsage,
    Wallet,
    decide,
)
from loyalty.domain.voucher import RANDOM_BYTES, voucher_code
from loyalty.errors import NotFound
from loyalty.services.events import emit, outgoing
from loyalty.services.expiring import points_expired
from loyalty.services.incoming import NOTHING_HANDLED, Handled, Incoming, first_of_each
from loyalty.services.posting import Book, Booking
from loyalty.store import decisions, inbox
from loyalty.store.database import Connection
from loyalty.store.decisions import NewDecision, PendingRedemption
from outbox import NewEvent
from schemas.events import RedemptionCompleted, RewardRedeemed

CONSUMER = "redeeming"

Redeemed = Incoming[RewardRedeemed]
RandomBytes = Callable[[int], bytes]
"""Returns that many bytes nobody can guess."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A redemption with its decision and what that left in the wallet."""

    event: Redeemed
    decision: Decision
    available_after: int
    wallet_version: int
    voucher_code: str | None


async def decide_redemptions(
    conn: Connection,
    events: Sequence[Redeemed],
    clock: Clock,
    ids: IdSource = new_id,
    random_bytes: RandomBytes = os.urandom,
) -> Handled:
    """Decides the redemptions that were not decided before, in the order given.

    Raises NotFound for an unknown member, redemption or reward, and asyncpg's errors; then the transaction must be
    rolled back.
    """
    fresh = await _claim(conn, events)
    if not fresh:
        return NOTHING_HANDLED
    at = clock()
    book = await Book.open(conn, {event.body.member_id for event in fresh})
    counter = await _Counter.open(conn, fresh, book, at)
    expired = book.expire_due(at, ids)
    decided = [counter.decide(event, at, random_bytes) for event in fresh]
    entry_ids = await book.close(conn, at)
    await decisions.save_decisions(conn, [_row(done, entry_ids.get(done.event.event_id)) for done in decided], at)
    await decisions.take_stock(conn, counter.taken, at)
    completed = [_redemption_completed(done, ids(), at) for done in decided]
    await emit(conn, [points_expired(entry, at) for entry in expired] + completed)
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def _claim(conn: Connection, events: Sequence[Redeemed]) -> list[Redeemed]:
    claimed = await inbox.claim_redemptions(conn, CONSUMER, {event.event_id for event in events})
    return first_of_each(events, claimed)


class _Counter:
    """Where rewards are handed out: stock, limits and balances as they stand after each decision of the batch."""

    def __init__(
        self,
        book: Book,
        pending: dict[UUID, PendingRedemption],
        rewards: dict[UUID, Reward],
        redeemed: Counter[tuple[UUID, UUID]],
    ) -> None:
        self._book = book
        self._pending = pending
        self._rewards = rewards
        self._redeemed = redeemed
        self.taken: Counter[UUID] = Counter()

    @classmethod
    async def open(cls, conn: Connection, events: Sequence[Redeemed], book: Book, at: datetime) -> "_Counter":
        pending = await decisions.lock_pending(conn, [event.body.redemption_id for event in events])
        for event in events:
            _check_known(event, pending)
        rewards = await decisions.lock_rewards(conn, {p.reward_id for p in pending.values()})
        limited = {
            (p.reward_id, p.member_id) for p in pending.values() if rewards[p.reward_id].limit_per_member is not None
        }
        redeemed = await decisions.count_completed(conn, limited)
        wanted: Counter[UUID] = Counter()
        for redemption in pending.values():
            wanted[redemption.member_id] += redemption.points_cost
        await book.load_lots(conn, wanted, at)
        return cls(book, pending, rewards, Counter(redeemed))

    def decide(self, event: Redeemed, at: datetime, random_bytes: RandomBytes) -> Decided:
        """Decides one redemption and takes what it costs."""
        redemption = self._pending[event.body.redemption_id]
        wallet = self._book.wallets[redemption.member_id]
        decision = decide(
            RedemptionRequest(redemption.points_cost),
            RedeemingMember(wallet.status == "active", wallet.tier_rank),
            Wallet(wallet.available),
            self._rewards[redemption.reward_id],
            RewardUsage(self._redeemed[redemption.reward_id, redemption.member_id]),
            at,
        )
        match decision:
            case Completed(points_spent):
                return self._complete(event, redemption, points_spent, at, voucher_code(random_bytes(RANDOM_BYTES)))
            case Rejected():
                version = self._book.touch(redemption.member_id)
                return Decided(event, decision, wallet.available, version, None)
        assert_never(decision)

    def _complete(
        self, event: Redeemed, redemption: PendingRedemption, points_spent: int, at: datetime, code: str
    ) -> Decided:
        draft = redeem(event.event_id, redemption.member_id, points_spent)
        posted = self._book.post(Booking(draft, redemption.redemption_id, at, traceparent=event.traceparent))
        self._take(redemption)
        return Decided(event, Completed(points_spent), posted.available_after, posted.wallet_version, code)

    def _take(self, redemption: PendingRedemption) -> None:
        self._redeemed[redemption.reward_id, redemption.member_id] += 1
        reward = self._rewards[redemption.reward_id]
        if reward.stock_remaining is not None:
            self.taken[redemption.reward_id] += 1
            self._rewards[redemption.reward_id] = replace(reward, stock_remaining=reward.stock_remaining - 1)


def _check_known(event: Redeemed, pending: dict[UUID, PendingRedemption]) -> None:
    redemption = pending.get(event.body.redemption_id)
    if redemption is None or redemption.member_id != event.body.member_id:
        raise NotFound("There is no such redemption of this member.", redemption_id=str(event.body.redemption_id))


def _row(decided: Decided, entry_id: int | None) -> NewDecision:
    reason = decided.decision.reason.value if isinstance(decided.decision, Rejected) else None
    return NewDecision(
        redemption_id=decided.event.body.redemption_id,
        status="rejected" if reason else "completed",
        reason=reason,
        voucher_code=decided.voucher_code,
        entry_id=entry_id,
        wallet_version=decided.wallet_version,
    )


def _redemption_completed(decided: Decided, event_id: UUID, at: datetime) -> NewEvent:
    body, decision = decided.event.body, decided.decision
    completed = RedemptionCompleted(
        member_id=body.member_id,
        redemption_id=body.redemption_id,
        reward_id=body.reward_id,
        outcome="completed" if isinstance(decision, Completed) else "rejected",
        reason=decision.reason.value if isinstance(decision, Rejected) else None,
        points_spent=decision.points_spent if isinstance(decision, Completed) else 0,
        available_after=decided.available_after,
        completed_at=at,
    )
    return outgoing(completed, event_id=event_id, occurred_at=at, traceparent=decided.event.traceparent)

"""Where rewards are handed out: stock, codes, limits and balances as they stand after each decision of a batch."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from loyalty.clock import IdSource
from loyalty.domain.ledger import hold, redeem
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
from loyalty.domain.returning import Taken
from loyalty.domain.voucher import RANDOM_BYTES, voucher_code
from loyalty.errors import NotFound
from loyalty.services.incoming import Incoming
from loyalty.services.posting import Book, Booking
from loyalty.services.returning import Returner
from loyalty.store import decisions, program
from loyalty.store.database import Connection
from loyalty.store.decisions import PendingRedemption
from schemas.events import RewardRedeemed

Redeemed = Incoming[RewardRedeemed]
RandomBytes = Callable[[int], bytes]
"""Returns that many bytes nobody can guess."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A redemption with its decision and what that left in the wallet.

    reserved_until is set for one that a partner is to confirm; `held` says that its points were held when it was asked.
    """

    event: Redeemed
    decision: Decision
    available_after: int
    wallet_version: int
    voucher_code: str | None = None
    reserved_until: datetime | None = None
    held: bool = False


class Decider:
    """Decides the redemptions of a batch one after the other, in a book that is open."""

    def __init__(
        self,
        book: Book,
        pending: Mapping[UUID, PendingRedemption],
        rewards: dict[UUID, Reward],
        redeemed: Counter[tuple[UUID, UUID]],
        codes: dict[UUID, list[str]],
        random_bytes: RandomBytes,
    ) -> None:
        self._book = book
        self._pending = pending
        self._rewards = rewards
        self._redeemed = redeemed
        self._codes = codes
        self._random_bytes = random_bytes
        self._held: Mapping[int, Sequence[Taken]] = {}
        self._returner: Returner | None = None
        self.taken: Counter[UUID] = Counter()
        self.codes_taken: list[tuple[UUID, str, UUID]] = []

    @classmethod
    async def open(
        cls,
        conn: Connection,
        events: Sequence[Redeemed],
        book: Book,
        at: datetime,
        *,
        ids: IdSource,
        random_bytes: RandomBytes,
    ) -> "Decider":
        """Locks the redemptions, then the rewards. Raises NotFound for a redemption that is not the member's."""
        pending = await decisions.lock_pending(conn, [event.body.redemption_id for event in events])
        for event in events:
            _check_known(event, pending)
        rewards = await decisions.lock_rewards(conn, {p.reward_id for p in pending.values()})
        limited = {
            (p.reward_id, p.member_id) for p in pending.values() if rewards[p.reward_id].limit_per_member is not None
        }
        redeemed = await decisions.count_completed(conn, limited, at)
        wanted = Counter(p.reward_id for p in pending.values() if rewards[p.reward_id].hands_out_codes)
        codes = await decisions.lock_vouchers(conn, wanted)
        rewards |= {reward_id: replace(rewards[reward_id], codes_left=len(free)) for reward_id, free in codes.items()}
        points: Counter[UUID] = Counter()
        for redemption in pending.values():
            points[redemption.member_id] += redemption.points_cost
        await book.load_lots(conn, points, at)
        decider = cls(book, pending, rewards, Counter(redeemed), codes, random_bytes)
        await decider._load_held(conn, at, ids)
        return decider

    async def _load_held(self, conn: Connection, at: datetime, ids: IdSource) -> None:
        entry_ids = [p.hold_entry_id for p in self._pending.values() if p.hold_entry_id is not None]
        if entry_ids:
            self._held = await decisions.list_taken(conn, entry_ids)
            policy = await program.get_points_policy(conn)
            self._returner = Returner(self._book, policy.expired_lot_grace_days, at, ids)

    def decide(self, event: Redeemed, at: datetime) -> Decided:
        """Decides one redemption and takes what it costs."""
        redemption = self._pending[event.body.redemption_id]
        reward = self._rewards[redemption.reward_id]
        decision = self._decision(redemption, reward, at)
        match decision:
            case Completed():
                self._take(redemption, reward)
                if reward.confirm_seconds is not None:
                    return self._reserve(
                        event, redemption, decision, at, at + timedelta(seconds=reward.confirm_seconds)
                    )
                return self._complete(event, redemption, decision, at)
            case Rejected():
                return self._reject(event, redemption, decision)
        assert_never(decision)

    def _decision(self, redemption: PendingRedemption, reward: Reward, at: datetime) -> Decision:
        wallet = self._book.wallets[redemption.member_id]
        return decide(
            RedemptionRequest(redemption.points_cost),
            RedeemingMember(wallet.status == "active", wallet.tier_rank),
            Wallet(wallet.available if redemption.hold_entry_id is None else redemption.points_cost),
            reward,
            RewardUsage(self._redeemed[redemption.reward_id, redemption.member_id]),
            at,
        )

    def _complete(self, event: Redeemed, redemption: PendingRedemption, decision: Completed, at: datetime) -> Decided:
        held = redemption.hold_entry_id is not None
        draft = redeem(event.event_id, redemption.member_id, decision.points_spent, held=held)
        posted = self._book.post(Booking(draft, redemption.redemption_id, at, traceparent=event.traceparent))
        code = self._code(redemption)
        return Decided(event, decision, posted.available_after, posted.wallet_version, code, held=held)

    def _reserve(
        self, event: Redeemed, redemption: PendingRedemption, decision: Completed, at: datetime, until: datetime
    ) -> Decided:
        if redemption.hold_entry_id is not None:
            available = self._book.wallets[redemption.member_id].available
            version = self._book.touch(redemption.member_id)
            return Decided(event, decision, available, version, reserved_until=until, held=True)
        draft = hold(event.event_id, redemption.member_id, decision.points_spent)
        posted = self._book.post(Booking(draft, redemption.redemption_id, at, traceparent=event.traceparent))
        return Decided(event, decision, posted.available_after, posted.wallet_version, reserved_until=until)

    def _reject(self, event: Redeemed, redemption: PendingRedemption, decision: Rejected) -> Decided:
        if redemption.hold_entry_id is None:
            available = self._book.wallets[redemption.member_id].available
            return Decided(event, decision, available, self._book.touch(redemption.member_id))
        assert self._returner is not None, "opened with what is held"
        returned = self._returner.give_back_held(
            event.event_id,
            redemption.member_id,
            redemption.redemption_id,
            self._held[redemption.hold_entry_id],
            event.traceparent,
        )
        return Decided(event, decision, returned.available_after, returned.wallet_version, held=True)

    def _take(self, redemption: PendingRedemption, reward: Reward) -> None:
        self._redeemed[redemption.reward_id, redemption.member_id] += 1
        if reward.stock_remaining is not None:
            self.taken[redemption.reward_id] += 1
            reward = replace(reward, stock_remaining=reward.stock_remaining - 1)
        self._rewards[redemption.reward_id] = replace(reward, codes_left=reward.codes_left - 1)

    def _code(self, redemption: PendingRedemption) -> str:
        if not self._rewards[redemption.reward_id].hands_out_codes:
            return voucher_code(self._random_bytes(RANDOM_BYTES))
        code = self._codes[redemption.reward_id].pop(0)
        self.codes_taken.append((redemption.reward_id, code, redemption.redemption_id))
        return code


def _check_known(event: Redeemed, pending: Mapping[UUID, PendingRedemption]) -> None:
    redemption = pending.get(event.body.redemption_id)
    if redemption is None or redemption.member_id != event.body.member_id:
        raise NotFound("There is no such redemption of this member.", redemption_id=str(event.body.redemption_id))

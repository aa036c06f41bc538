"""Whatever happens to points in whatever order, they are what a model in memory says, and the ledger verifies.

A sequence is random: purchases, refunds before and after their award and twice, redemptions, reservations,
cancellations, transfers, adjustments and time, under a random policy. After every step each balance and each lot is
compared with the model, and every rule of the ledger is checked. A sequence is one transaction that is rolled back.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.domain.lots import InsufficientPoints
from loyalty.domain.refund import RefundExceedsPurchase
from loyalty.domain.rollforward import Line, Rollforward, roll_forward
from loyalty.services.adjusting import adjust_points
from loyalty.services.auditing import Actor
from loyalty.services.cancelling import (
    RedemptionNotCancellable,
    RedemptionNotReserved,
    cancel_redemption,
    release_redemption,
)
from loyalty.services.confirming import ReservationOver, confirm_redemption
from loyalty.services.transferring import transfer_points
from loyalty.store import financial_reports
from loyalty.store.database import Connection
from loyalty.store.reports import Span
from schemas.admin.members import NewAdjustment
from schemas.admin.rewards import Cancellation, Confirmation
from schemas.transfers import NewTransfer
from tests.support.campaigns import run_seed, sized, write_report
from tests.support.points import Shop, ask, broken_checks, decide, refund, set_policy, take_back
from tests.support.points_model import Model, ModelMember, ModelPurchase, ModelRedemption, ModelReward, Refused
from tests.support.rows import NOON, add_member, add_merchant, add_reward, add_rule, laurel_pool, recorded

SEQUENCES = sized(40, 10_000)
STEPS = 14
MEMBERS = 2
OPERATOR = Actor("operator", "model")
FLOORED = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}
REWARDS = (
    ModelReward(30),
    ModelReward(45, stock=2, limit=2),
    ModelReward(20, confirm=timedelta(days=3), stock=5),
)
REFUSALS = (
    InsufficientPoints,
    RefundExceedsPurchase,
    RedemptionNotCancellable,
    RedemptionNotReserved,
    ReservationOver,
)

OFTEN = {"completed", "pending", "reversed", "expired"}
SELDOM = {
    "rejected", "reserved", "cancelled", "held", "owed", "refunded early", "expired, not noticed", "rolled on",
    "lapsed before its refund",
}  # fmt: skip
"""What the sequences must have come to, or they prove nothing; the whole campaign also what is seldom."""

Step = Callable[[], Awaitable[object]]


def a_policy(rng: random.Random) -> dict[str, Any]:
    expiries: list[dict[str, Any]] = [
        {"mode": "none"},
        {"mode": "months", "months": rng.choice([1, 2])},
        {"mode": "end_of_year", "years": 0},
        {"mode": "rolling", "months": rng.choice([1, 2])},
    ]
    return {
        "pending_days": rng.choice([0, 0, 0, 7, 40]),
        "expiry": rng.choice(expiries),
        "refund_policy": rng.choice(["only_pending", "within_balance", "unlimited", "unlimited"]),
        "hold_at_request": rng.random() < 0.5,
        "expired_lot_grace_days": rng.choice([None, 10]),
        "transfers": {"enabled": True},
    }


@dataclass
class Trial:
    """One sequence: the services on one side, the model on the other, and what was done."""

    shop: Shop
    model: Model
    rng: random.Random
    member_ids: list[UUID]
    reward_ids: list[UUID]
    transactions: dict[ModelPurchase, UUID] = field(default_factory=dict)
    redemption_ids: dict[ModelRedemption, UUID] = field(default_factory=dict)
    refund_ids: dict[ModelPurchase, list[UUID]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @classmethod
    async def begin(cls, conn: Connection, merchant_id: UUID, seed: str, rulesets: Any) -> Trial:
        rng = random.Random(seed)
        policy = a_policy(rng)
        await set_policy(conn, **policy)
        rewards = [ModelReward(r.cost, r.stock, r.limit, r.confirm) for r in REWARDS]
        model = Model(policy, NOON, [ModelMember() for _ in range(MEMBERS)], rewards)
        member_ids = [await add_member(conn) for _ in range(MEMBERS)]
        reward_ids = [
            await add_reward(
                conn,
                reward.cost,
                stock_remaining=reward.stock,
                limit_per_member=reward.limit,
                confirm_seconds=reward.confirm and int(reward.confirm.total_seconds()),
            )
            for reward in rewards
        ]
        shop = Shop(conn, merchant_id, rulesets=rulesets)
        return cls(shop, model, rng, member_ids, reward_ids, log=[f"seed {seed}, policy {policy}"])

    def member_id(self, member: ModelMember) -> UUID:
        return self.member_ids[self.model.members.index(member)]

    async def step(self) -> None:
        steps: list[tuple[int, Step]] = [
            (9, self.buy), (1, self.record), (2, self.award), (3, self.refund), (6, self.redeem), (1, self.ask),
            (2, self.decide), (3, self.cancel), (1, self.confirm), (1, self.release), (2, self.transfer),
            (2, self.adjust), (2, self.pass_time), (1, self.wait),
        ]  # fmt: skip
        [chosen] = self.rng.choices([step for _, step in steps], [weight for weight, _ in steps])
        self.log.append(chosen.__name__)
        await chosen()

    async def both(self, modelled: Callable[[], Any], done: Callable[[], Awaitable[Any]]) -> bool:
        """Does it on both sides; whether it was done, and not refused by both."""
        try:
            modelled()
        except Refused:
            with pytest.raises(REFUSALS):
                await done()
            return False
        await done()
        return True

    async def record(self) -> ModelPurchase:
        member = self.rng.choice(self.model.members)
        amount_minor = self.rng.randint(1, 15_000)
        transaction_id = await self.shop.record_minor(self.member_id(member), amount_minor)
        purchase = ModelPurchase(member, amount_minor, amount_minor // 100, self.model.now)
        self.model.purchases.append(purchase)
        self.transactions[purchase] = transaction_id
        return purchase

    async def buy(self) -> None:
        await self._award(await self.record())

    async def award(self) -> None:
        waiting = [purchase for purchase in self.model.purchases if not purchase.awarded]
        if waiting:
            await self._award(self.rng.choice(waiting))

    async def _award(self, purchase: ModelPurchase) -> None:
        amount = f"{purchase.amount_minor // 100}.{purchase.amount_minor % 100:02}"
        event = recorded(
            self.member_id(purchase.member),
            self.transactions[purchase],
            amount,
            merchant_id=self.shop.merchant_id,
            at=purchase.at,
        )
        for _ in range(self.rng.choice([1, 1, 2])):
            await self.shop.award_event(event)
        self.model.award(purchase)
        await self._reverse(purchase)

    async def refund(self) -> None:
        if not self.model.purchases:
            return
        purchase = self.rng.choice(self.model.purchases)
        left = purchase.amount_minor - sum(purchase.refunds)
        amount_minor = max(1, self.rng.choice([left, left, left // 2, left // 3, left + 1, 1]))
        amount = f"{amount_minor // 100}.{amount_minor % 100:02}"

        async def done() -> None:
            refund_id = await refund(self.shop, self.transactions[purchase], amount)
            self.refund_ids.setdefault(purchase, []).append(refund_id)

        if await self.both(lambda: self.model.refund(purchase, amount_minor), done):
            await self._reverse(purchase)

    async def _reverse(self, purchase: ModelPurchase) -> None:
        refund_ids = self.refund_ids.get(purchase, [])
        for _ in range(self.rng.choice([1, 1, 2])):
            await take_back(self.shop, *refund_ids)
        if purchase.awarded and purchase.reversed < len(purchase.refunds):
            self.model.reverse(purchase)

    async def ask(self) -> ModelRedemption:
        place = self.rng.randrange(len(self.reward_ids))
        member = self.rng.choice(self.model.members)
        redemption_id = await ask(self.shop, self.member_id(member), self.reward_ids[place])
        redemption = self.model.ask(member, self.model.rewards[place])
        self.redemption_ids[redemption] = redemption_id
        return redemption

    async def redeem(self) -> None:
        await self._decide(await self.ask())

    async def decide(self) -> None:
        pending = [redemption for redemption in self.model.redemptions if redemption.status == "pending"]
        if pending:
            await self._decide(self.rng.choice(pending))

    async def _decide(self, redemption: ModelRedemption) -> None:
        for _ in range(self.rng.choice([1, 1, 2])):
            await decide(self.shop, self.redemption_ids[redemption])
        self.model.decide(redemption)

    async def cancel(self) -> None:
        if self.model.redemptions:
            redemption, stock_back = self.rng.choice(self.model.redemptions), self.rng.random() < 0.5
            command = Cancellation(reason="model", stock="return" if stock_back else "write_off")
            await self._settle(
                redemption, lambda: self.model.cancel(redemption, stock_back=stock_back), cancel_redemption, command
            )

    async def confirm(self) -> None:
        if self.model.redemptions:
            redemption = self.rng.choice(self.model.redemptions)
            await self._settle(redemption, lambda: self.model.confirm(redemption), confirm_redemption, Confirmation())

    async def release(self) -> None:
        reserved = [redemption for redemption in self.model.redemptions if redemption.status == "reserved"]
        if reserved:
            redemption = self.rng.choice(reserved)
            await self._settle(redemption, lambda: self.model.cancel(redemption), release_redemption, "sold out")

    async def _settle(
        self, redemption: ModelRedemption, modelled: Callable[[], None], service: Any, command: object
    ) -> None:
        async def done() -> None:
            async with self.shop.conn.transaction():
                await service(self.shop.conn, self.redemption_ids[redemption], command, OPERATOR, self.shop.clock)

        await self.both(modelled, done)

    async def transfer(self) -> None:
        giver, recipient = self.rng.sample(self.model.members, 2)
        points = self.rng.randint(1, 60)
        command = NewTransfer(to_member_id=self.member_id(recipient), points=points)

        async def done() -> None:
            async with self.shop.conn.transaction():
                await transfer_points(self.shop.conn, self.member_id(giver), command, OPERATOR, self.shop.clock)

        await self.both(lambda: self.model.transfer(giver, recipient, points), done)

    async def adjust(self) -> None:
        member, points = self.rng.choice(self.model.members), self.rng.choice([-40, -10, -1, 5, 25])

        async def done() -> None:
            command = NewAdjustment(points=points, reason="model")
            async with self.shop.conn.transaction():
                await adjust_points(self.shop.conn, self.member_id(member), command, OPERATOR, self.shop.clock)

        await self.both(lambda: self.model.adjust(member, points), done)

    async def wait(self) -> None:
        """Time passes, and nobody looks."""
        self.shop.now = self.model.now = self.model.now + timedelta(days=self.rng.choice([1, 8, 35, 70]))

    async def pass_time(self) -> None:
        await self.wait()
        await self.shop.pass_time()
        self.model.tend()

    def situations(self) -> Iterator[str]:
        """What of all that may happen to points this sequence has come to."""
        model = self.model
        yield from (redemption.status for redemption in model.redemptions)
        yield from ("refunded early" for p in model.purchases if p.refunds and not p.awarded)
        yield from ("reversed" for p in model.purchases if p.reversed)
        yield from ("lapsed before its refund" for p in model.purchases if p.lapsed)
        for member in model.members:
            lots = member.lots
            yield from ("expired" for lot in lots if lot.expired)
            yield from ("expired, not noticed" for lot in member.open_lots() if member.expiry(lot) <= model.now)
            yield from ("rolled on" for lot in lots if lot.expires_at and member.expiry(lot) > lot.expires_at)
            yield from (name for name in ("pending", "held", "owed") if getattr(member, name))

    async def check(self) -> None:
        conn = self.shop.conn
        for member_id, expected in zip(self.member_ids, self.model.stands(), strict=True):
            row = await conn.fetchrow(
                "select available, pending, held, owed, lifetime_earned, lifetime_redeemed from wallet "
                "where member_id = $1",
                member_id,
            )
            lots = await conn.fetch(
                "select remaining, lot_expiry(expires_at, rolls_months, active_at), pending_until is not null "
                "from lot join wallet using (member_id) where member_id = $1 and remaining > 0",
                member_id,
            )
            assert row is not None
            assert (dict(row), sorted(map(tuple, lots), key=str)) == expected, "\n".join(self.log)
        stocks = await conn.fetch("select stock_remaining from reward where id = any($1) order by id", self.reward_ids)
        assert [row[0] for row in stocks] == [reward.stock for reward in self.model.rewards], "\n".join(self.log)
        assert await broken_checks(conn) == {}, "\n".join(self.log)
        await self.check_rollforward()

    async def check_rollforward(self) -> None:
        """The month's end reconciles, and what members give each other is nothing to the program."""
        span = Span(min(NOON + timedelta(days=5), self.model.now), self.model.now, "UTC")
        totals, _ = await financial_reports.wallet_totals(self.shop.conn)
        rolled = roll_forward(await financial_reports.movements(self.shop.conn, span), totals)
        assert isinstance(rolled, Rollforward), (rolled, self.log)
        assert rolled.lines[Line.TRANSFERRED] == 0


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url, size=1) as pool, pool.acquire() as acquired:
        yield acquired


async def test_points_are_what_the_model_says_after_every_step(conn: Connection) -> None:
    await add_rule(conn, FLOORED)
    merchant_id, begun, sequences, steps = await add_merchant(conn), time.monotonic(), 0, 0
    rulesets, met = Shop(conn, merchant_id).rulesets, Counter[str]()
    print(f"LAUREL_TEST_SEED={run_seed()}")
    expected = OFTEN | sized(set(), SELDOM)
    for number in range(5 * SEQUENCES):
        if number >= SEQUENCES and expected <= set(met):
            break
        sequence = conn.transaction()
        await sequence.start()
        trial = await Trial.begin(conn, merchant_id, f"{run_seed()}:{number}", rulesets)
        for _ in range(STEPS):
            await trial.step()
            await trial.check()
            met.update(set(trial.situations()))
            steps += 1
        await sequence.rollback()
        sequences += 1
    assert set(met) >= expected, expected - set(met)
    write_report(
        "points-model",
        {
            "sequences": sequences,
            "steps": steps,
            "differences_from_the_model": 0,
            "broken_rules_of_the_ledger": 0,
            "steps_after_which_there_was": dict(sorted(met.items())),
            "seed": run_seed(),
            "seconds": round(time.monotonic() - begun),
        },
    )

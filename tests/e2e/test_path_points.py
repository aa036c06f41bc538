"""The life of points with every process real: what the members have in the end is what a model in memory says.

Each sequence is two members and random purchases, refunds (also at once after the purchase), redemptions, reservations,
cancellations, transfers and adjustments through both APIs, compared after each step, once it has gone through Kafka.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from cli.journey.client import ApiClient
from loyalty.store.database import Pool
from tests.support.admin_api import Client
from tests.support.apis import Reply
from tests.support.campaigns import run_seed, sized, write_report
from tests.support.people import new_members
from tests.support.points_model import Model, ModelMember, ModelPurchase, ModelRedemption, ModelReward, Refused
from tests.support.rows import NOON
from tests.support.system import System
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(sized(300, 3_600))

SEQUENCES = sized(5, 200)
AT_ONCE = 5
STEPS = 12
EMAIL, PASSWORD = "points@laurel.example", "a password for this test"
SETTLED_SECONDS = 60
POLICY: dict[str, Any] = {
    "pending_days": 0,
    "expiry": {"mode": "none"},
    "refund_policy": "unlimited",
    "hold_at_request": True,
    "expired_lot_grace_days": None,
    "transfers": {"enabled": True},
}
CONFIRM = timedelta(hours=1)
WEDNESDAY = "2026-03-04T12:00:00Z"


@pytest.fixture
async def admin(system: System, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """An administrator, while the program has the policy of this test."""
    monkeypatch.setenv("LAUREL_ADMIN_PASSWORD", PASSWORD)
    system.laurel("admin", "ensure", "--email", EMAIL)
    async with aiohttp.ClientSession() as http:
        session = await Client(http, system.url("admin-api")).post("/login", {"email": EMAIL, "password": PASSWORD})
        client = Client(http, system.url("admin-api"), session.body["access_token"])
        before = (await client.get("/program/points")).body
        assert (await client.put("/program/points", POLICY)).status == 200
        yield client
        assert (await client.put("/program/points", before)).status == 200


@dataclass(frozen=True)
class Surroundings:
    """What all sequences share."""

    admin: Client
    till: Client
    members: ApiClient
    database: Pool
    currency: str


@pytest.fixture
async def around(admin: Client, client: ApiClient, database: Pool) -> Surroundings:
    merchant = (await admin.post("/merchants", {"name": "Corner Shop"})).body["merchant_id"]
    scopes = {"scopes": ["transactions:write", "refunds:write"]}
    key = (await admin.post(f"/merchants/{merchant}/keys", scopes)).body["secret"]
    till = Client(admin.http, admin.url, key)
    return Surroundings(admin, till, client, database, (await admin.get("/program")).body["currency"])


async def admitted(ask: Callable[[], Awaitable[Reply]]) -> Reply:
    """The answer, once the caller's rate limit lets the request through."""

    async def once() -> Reply | None:
        reply = await ask()
        return None if reply.status == 429 else reply

    found = await eventually(once, 120)
    assert found is not None
    return found


class Sequence:
    """One sequence: the processes on one side, the model on the other, and what was done."""

    def __init__(self, around: Surroundings, number: int, member_ids: list[UUID], reward_ids: list[str]) -> None:
        self.around = around
        self.rng = random.Random(f"{run_seed()}:{number}")
        self.member_ids = member_ids
        self.reward_ids = reward_ids
        rewards = [ModelReward(30, stock=2), ModelReward(20, confirm=CONFIRM)]
        self.model = Model(POLICY, NOON, [ModelMember() for _ in member_ids], rewards)
        self.transactions: dict[ModelPurchase, str] = {}
        self.redemptions: dict[ModelRedemption, str] = {}
        self.done: list[str] = []

    @classmethod
    async def begin(cls, around: Surroundings, number: int) -> Sequence:
        member_ids = await new_members(around.database, 2)
        offers: list[dict[str, Any]] = [
            {"name": "Mug", "points_cost": 30, "stock_remaining": 2},
            {"name": "Flight", "points_cost": 20, "confirm_seconds": int(CONFIRM.total_seconds())},
        ]
        made = [await admitted(partial(around.admin.post, "/rewards", offer)) for offer in offers]
        return cls(around, number, member_ids, [reply.body["reward_id"] for reply in made])

    async def run(self) -> Counter[str]:
        often = (self.buy, self.refund, self.redeem)
        steps = (*often, *often, self.cancel, self.confirm, self.transfer, self.adjust)
        for _ in range(STEPS):
            step = self.rng.choice(steps)
            self.done.append(step.__name__)
            await step()
            await self.compare()
        return Counter(self.done)

    def member(self) -> tuple[ModelMember, UUID]:
        place = self.rng.randrange(len(self.member_ids))
        return self.model.members[place], self.member_ids[place]

    async def buy(self) -> None:
        member, member_id = self.member()
        amount_minor = self.rng.randint(100, 6_000)
        body = {
            "member_id": str(member_id),
            "amount": money(amount_minor),
            "currency": self.around.currency,
            "occurred_at": WEDNESDAY,
        }
        reply = await admitted(lambda: self.around.till.post("/transactions", body))
        assert reply.status == 201, reply.body
        purchase = ModelPurchase(member, amount_minor, 0, NOON)
        self.transactions[purchase] = transaction_id = reply.body["transaction_id"]
        self.model.purchases.append(purchase)
        early = self.rng.random() < 0.3
        if early:
            await self._refund(purchase, self.rng.randint(1, amount_minor))
        query = "select array[points] from award where transaction_id = $1"
        [purchase.points] = await self.settled(query, UUID(transaction_id))
        self.model.award(purchase)
        await self._reversed(purchase)

    async def refund(self) -> None:
        if self.model.purchases:
            purchase = self.rng.choice(self.model.purchases)
            left = purchase.amount_minor - sum(purchase.refunds)
            await self._refund(purchase, max(1, self.rng.choice([left, left // 2, left + 1])))
            await self._reversed(purchase)

    async def _refund(self, purchase: ModelPurchase, amount_minor: int) -> None:
        path = f"/transactions/{self.transactions[purchase]}/refunds"
        body = {"amount": money(amount_minor), "reason": "came back"}
        reply = await admitted(lambda: self.around.till.post(path, body))
        await self.agree(lambda: self.model.refund(purchase, amount_minor), reply, 201)

    async def _reversed(self, purchase: ModelPurchase) -> None:
        query = "select true where not exists (select from refund where transaction_id = $1 and reversed_at is null)"
        await self.settled(query, UUID(self.transactions[purchase]))
        self.model.reverse(purchase)

    async def redeem(self) -> None:
        member, member_id = self.member()
        place = self.rng.randrange(len(self.reward_ids))
        body, key = {"reward_id": self.reward_ids[place]}, secrets.token_hex(8)
        answer = await self.around.members.post(member_id, "/api/customer/redeem", body, key)
        assert answer.status == 202, answer.body
        redemption = self.model.ask(member, self.model.rewards[place])
        self.redemptions[redemption] = answer.body["redemption_id"]
        query = "select true from redemption where id = $1 and status <> 'pending'"
        await self.settled(query, UUID(answer.body["redemption_id"]))
        self.model.decide(redemption)

    async def cancel(self) -> None:
        await self._settle("cancel", {"reason": "test"}, self.model.cancel)

    async def confirm(self) -> None:
        await self._settle("confirm", {}, self.model.confirm)

    async def _settle(self, verb: str, body: dict[str, str], modelled: Callable[[ModelRedemption], None]) -> None:
        if self.redemptions:
            redemption = self.rng.choice(list(self.redemptions))
            path = f"/redemptions/{self.redemptions[redemption]}/{verb}"
            reply = await admitted(lambda: self.around.admin.post(path, body))
            await self.agree(lambda: modelled(redemption), reply, 200)

    async def transfer(self) -> None:
        giver, recipient = self.rng.sample(range(2), 2)
        points = self.rng.randint(1, 50)
        body, key = {"to_member_id": str(self.member_ids[recipient]), "points": points}, secrets.token_hex(8)
        answer = await self.around.members.post(self.member_ids[giver], "/api/customer/transfers", body, key)
        members = self.model.members
        await self.agree(lambda: self.model.transfer(members[giver], members[recipient], points), answer, 201)

    async def adjust(self) -> None:
        member, member_id = self.member()
        points = self.rng.choice([-30, -5, 10, 40])
        body = {"points": points, "reason": "test"}
        reply = await admitted(lambda: self.around.admin.post(f"/members/{member_id}/adjustments", body))
        await self.agree(lambda: self.model.adjust(member, points), reply, 201)

    async def agree(self, modelled: Callable[[], None], reply: Any, done: int) -> None:
        """The API did what the model did, or both refused it."""
        try:
            modelled()
        except Refused:
            assert reply.status == 409, (self.done, reply.body)
        else:
            assert reply.status == done, (self.done, reply.body)

    async def settled(self, query: str, row_id: UUID) -> Any:
        """What the query gives, once the worker has done its part."""
        return await eventually(lambda: self.found(query, row_id), SETTLED_SECONDS)

    async def found(self, query: str, row_id: UUID) -> Any:
        async with self.around.database.acquire() as conn:
            return await conn.fetchval(query, row_id)

    async def compare(self) -> None:
        async with self.around.database.acquire() as conn:
            rows = await conn.fetch(
                "select member_id, available, pending, held, owed, lifetime_earned, lifetime_redeemed from wallet "
                "where member_id = any($1)",
                self.member_ids,
            )
        stored = {row["member_id"]: {name: value for name, value in row.items() if name != "member_id"} for row in rows}
        for member_id, (expected, _) in zip(self.member_ids, self.model.stands(), strict=True):
            assert stored[member_id] == expected, self.done


async def test_points_are_what_the_model_says_on_the_whole_path(system: System, around: Surroundings) -> None:
    print(f"LAUREL_TEST_SEED={run_seed()}")
    gate, steps = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def one(number: int) -> None:
        async with gate:
            steps.update(await (await Sequence.begin(around, number)).run())

    await asyncio.gather(*(one(number) for number in range(SEQUENCES)))
    system.laurel("ledger", "verify")
    assert sum(steps.values()) == SEQUENCES * STEPS
    write_report(
        "points-path",
        {
            "sequences": SEQUENCES,
            "steps": dict(sorted(steps.items())),
            "differences_from_the_model": 0,
            "seed": run_seed(),
        },
    )


def money(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02}"

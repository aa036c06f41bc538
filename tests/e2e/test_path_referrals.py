"""Referrals through every process, the worker killed while it settles, awards and takes back: each side once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from loyalty.clock import system_clock
from loyalty.services.auditing import Actor
from loyalty.services.recording import RecordTransaction, record_transaction
from loyalty.services.refunding import record_refund
from loyalty.services.registering import RegisterMember, register_member
from loyalty.store.database import Pool, transaction
from schemas.admin.refunds import NewRefund
from tests.support.rows import add_merchant, add_rule
from tests.support.system import System

pytestmark = pytest.mark.timeout(240)

FRIENDS = 30
WAIT_SECONDS = 60
RULES = [
    {
        "name": f"For the {side}",
        "trigger": "event.recorded",
        "event_type": f"referral.{side}",
        "effect": {"type": "fixed", "points": points},
    }
    for side, points in (("referrer", 500), ("referred", 200))
]

Eventually = Callable[..., Awaitable[object]]


@dataclass(slots=True)
class Friends:
    """A member, the friends who came by them, and what the worker has made of it."""

    database: Pool
    system: System
    eventually: Eventually
    referrer_id: UUID
    ids: Sequence[UUID]

    async def count(self, query: str) -> int:
        async with self.database.acquire() as conn:
            found: int = await conn.fetchval(query, self.referrer_id)
            return found

    async def kill_the_worker_once(self, query: str, least: int) -> None:
        """When the count has come so far, and on it is going."""

        async def far_enough() -> bool:
            return await self.count(query) >= least

        await self.eventually(far_enough, WAIT_SECONDS)
        self.system.kill("worker")
        self.system.start("worker")

    async def until(self, query: str, count: int) -> None:
        async def so_many() -> bool:
            return await self.count(query) == count

        await self.eventually(so_many, WAIT_SECONDS)

    async def dead_letters(self) -> int:
        """Of these members; other tests have some of their own."""
        keys = [str(member_id).encode() for member_id in (self.referrer_id, *self.ids)]
        async with self.database.acquire() as conn:
            found: int = await conn.fetchval("select count(*) from dead_letter where key = any($1::bytea[])", keys)
            return found

    async def points_of_referrals(self) -> dict[UUID, int]:
        """By member, as the ledger has them."""
        async with self.database.acquire() as conn:
            rows = await conn.fetch(
                "select e.member_id, sum(p.points)::bigint as points from journal_entry e "
                "join posting p on p.entry_id = e.id and p.account like 'member.%' "
                "where e.member_id = any($1) and e.source_id in (select id from member_event union all "
                "select id from event_reversal) group by e.member_id",
                [self.referrer_id, *self.ids],
            )
        return {row["member_id"]: row["points"] for row in rows}


SETTLED = "select count(*) from referral where referrer_id = $1 and status = 'completed'"
REVOKED = "select count(*) from referral where referrer_id = $1 and status = 'revoked'"
AWARDED = (
    "select count(*) from event_award a join referral r on a.event_id in (r.referrer_event_id, r.referred_event_id) "
    "where r.referrer_id = $1"
)


async def test_both_sides_are_awarded_once_and_taken_back_once_though_the_worker_is_killed(
    system: System, database: Pool, eventually: Eventually
) -> None:
    async with transaction(database) as conn:
        for rule in RULES:
            await add_rule(conn, rule)
        merchant_id = await add_merchant(conn)
        referrer = await register_member(conn, RegisterMember(), system_clock)
        joined = [
            await register_member(conn, RegisterMember(referral_code=referrer.referral_code), system_clock)
            for _ in range(FRIENDS)
        ]
        currency = await conn.fetchval("select currency from program")
    friends = Friends(database, system, eventually, referrer.member_id, [one.member_id for one in joined])

    bought = []
    for member_id in friends.ids:
        async with transaction(database) as conn:
            command = RecordTransaction(member_id=member_id, merchant_id=merchant_id, amount="10.00", currency=currency)
            bought.append((await record_transaction(conn, command, system_clock)).transaction.transaction_id)
        if len(bought) == FRIENDS // 2:
            await friends.kill_the_worker_once(SETTLED, 1)
    await friends.kill_the_worker_once(AWARDED, FRIENDS)
    await friends.until(SETTLED, FRIENDS)
    await friends.until(AWARDED, 2 * FRIENDS)
    expected = dict.fromkeys(friends.ids, 200) | {friends.referrer_id: 500 * FRIENDS}
    assert await friends.points_of_referrals() == expected

    refund = NewRefund.model_validate({"amount": "10.00", "reason": "came back"})
    for transaction_id in bought:
        async with transaction(database) as conn:
            await record_refund(conn, transaction_id, refund, Actor("merchant", str(merchant_id)), system_clock)
    await friends.kill_the_worker_once(REVOKED, 1)
    await friends.until(REVOKED, FRIENDS)
    assert await friends.points_of_referrals() == dict.fromkeys(expected, 0)
    assert await friends.dead_letters() == 0
    assert system.laurel("ledger", "verify").returncode == 0
    assert system.laurel("rules", "verify").returncode == 0

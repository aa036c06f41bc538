"""Deciding redemptions in batches and side by side: never more than there is, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from loyalty.clock import new_id, system_clock
from loyalty.errors import NotFound
from loyalty.services.incoming import Handled
from loyalty.services.redeeming import Redeemed, decide_redemptions
from loyalty.store.database import Connection, Pool
from tests.support.rows import add_member, add_redemption, add_reward, laurel_pool, redeemed, waits_for_a_lock
from tests.support.waiting import eventually


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def ask(conn: Connection, member_id: UUID, reward_id: UUID, points_cost: int = 100) -> Redeemed:
    redemption_id = await add_redemption(conn, member_id, reward_id, points_cost)
    return redeemed(member_id, redemption_id, reward_id, points_cost)


async def decide(conn: Connection, events: list[Redeemed]) -> Handled:
    async with conn.transaction():
        return await decide_redemptions(conn, events, system_clock)


async def outcomes(pool: Pool | Connection) -> dict[str, int]:
    rows = await pool.fetch("select coalesce(reason, status) as outcome, count(*) from redemption group by 1")
    return {row["outcome"]: row["count"] for row in rows}


async def test_a_redemption_is_paid_for_with_a_voucher_an_entry_and_an_event(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn, 250), await add_reward(conn)
    event = await ask(conn, member_id, reward_id)
    assert await decide(conn, [event]) == Handled(1, frozenset({member_id}))
    stored = await conn.fetchrow(
        "select r.*, e.kind, e.available_after from redemption r join journal_entry e on e.id = entry_id"
    )
    assert stored is not None
    assert (stored["status"], stored["kind"], stored["available_after"]) == ("completed", "redeem", 150)
    assert stored["voucher_code"]
    assert stored["wallet_version"] == 2
    assert await conn.fetchval("select remaining from lot") == 150
    assert await conn.fetchval("select topic from outbox") == "redemption.completed"


async def test_what_a_member_cannot_afford_is_refused_and_seen(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn, 99), await add_reward(conn)
    await decide(conn, [await ask(conn, member_id, reward_id)])
    assert await outcomes(conn) == {"insufficient_points": 1}
    assert await conn.fetchval("select available = 99 and version = 2 and entries = 1 from wallet")
    assert await conn.fetchval("select wallet_version from redemption") == 2


async def test_a_redelivered_batch_has_no_effect(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn, 300), await add_reward(conn)
    event = await ask(conn, member_id, reward_id)
    assert (await decide(conn, [event, event])).fresh_events == 1
    assert (await decide(conn, [event])).fresh_events == 0
    await conn.execute("delete from inbox")
    assert (await decide(conn, [event])).fresh_events == 0
    assert await conn.fetchval("select available from wallet") == 200


@pytest.mark.parametrize(
    ("reward", "status", "expected"),
    [
        ({"stock_remaining": 2}, "active", {"completed": 2, "out_of_stock": 2}),
        ({"limit_per_member": 1}, "active", {"completed": 1, "limit_reached": 3}),
        ({"minimum_tier_code": "gold"}, "active", {"tier_not_eligible": 4}),
        ({"active": False}, "active", {"reward_inactive": 4}),
        ({}, "suspended", {"member_inactive": 4}),
        ({}, "active", {"completed": 3, "insufficient_points": 1}),
    ],
)
async def test_limits_are_used_up_in_the_order_of_the_batch(
    conn: Connection, reward: dict[str, Any], status: str, expected: dict[str, int]
) -> None:
    await conn.execute("insert into tier (code, name, rank, threshold_points) values ('gold', 'Gold', 1, 1000)")
    member_id, reward_id = await add_member(conn, 350, status=status), await add_reward(conn, **reward)
    await decide(conn, [await ask(conn, member_id, reward_id) for _ in range(4)])
    assert await outcomes(conn) == expected


async def test_a_limit_counts_what_was_completed_before(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn, 900), await add_reward(conn, limit_per_member=2)
    for _ in range(3):
        await decide(conn, [await ask(conn, member_id, reward_id)])
    assert await outcomes(conn) == {"completed": 2, "limit_reached": 1}


async def test_a_redemption_nobody_asked_for_is_an_error(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn, 100), await add_reward(conn)
    with pytest.raises(NotFound):
        await decide(conn, [redeemed(member_id, new_id(), reward_id)])


async def test_one_members_redemption_is_not_decided_for_another(conn: Connection) -> None:
    member_id, other_id, reward_id = await add_member(conn, 100), await add_member(conn, 100), await add_reward(conn)
    event = await ask(conn, member_id, reward_id)
    with pytest.raises(NotFound):
        await decide(conn, [redeemed(other_id, event.body.redemption_id, reward_id)])


async def in_slices(pool: Pool, events: list[Redeemed], size: int) -> None:
    async def one(batch: list[Redeemed]) -> None:
        async with pool.acquire(timeout=30) as conn:
            await decide(conn, batch)

    await asyncio.gather(*(one(events[start : start + size]) for start in range(0, len(events), size)))


async def test_200_at_once_for_a_member_who_can_afford_3(pool: Pool) -> None:
    async with pool.acquire() as conn:
        member_id, reward_id = await add_member(conn, 350), await add_reward(conn)
        events = [await ask(conn, member_id, reward_id) for _ in range(200)]
    await in_slices(pool, events, 7)
    assert await outcomes(pool) == {"completed": 3, "insufficient_points": 197}
    assert await pool.fetchval("select available from wallet") == 50
    assert await pool.fetchval("select min(available_after) from journal_entry") == 50


async def test_200_members_at_once_for_a_reward_with_stock_3(pool: Pool) -> None:
    async with pool.acquire() as conn:
        reward_id = await add_reward(conn, stock_remaining=3)
        events = [await ask(conn, await add_member(conn, 100), reward_id) for _ in range(200)]
    await in_slices(pool, events, 7)
    assert await outcomes(pool) == {"completed": 3, "out_of_stock": 197}
    assert await pool.fetchval("select stock_remaining from reward") == 0


async def test_rewards_wanted_in_any_order_do_not_deadlock(pool: Pool) -> None:
    async with pool.acquire() as conn:
        rewards = [await add_reward(conn, 1, stock_remaining=1000) for _ in range(5)]
        members = [await add_member(conn, 1000) for _ in range(12)]
        batches = [
            [await ask(conn, member_id, reward_id, 1) for reward_id in (rewards if n % 2 else rewards[::-1])]
            for n, member_id in enumerate(members)
        ]
    await in_slices(pool, [event for batch in batches for event in batch], 5)
    assert await outcomes(pool) == {"completed": 60}


async def statements_of(conn: Connection, events: list[Redeemed]) -> int:
    seen: list[str] = []
    with conn.query_logger(lambda record: seen.append(record.query)):
        await decide(conn, events)
    return len(seen)


async def test_the_number_of_statements_does_not_depend_on_the_batch(conn: Connection) -> None:
    reward_id = await add_reward(conn, stock_remaining=50, limit_per_member=1)
    await decide(conn, [await ask(conn, await add_member(conn, 100), reward_id) for _ in "12"])
    one = [await ask(conn, await add_member(conn, 100), reward_id)]
    many = [await ask(conn, await add_member(conn, 100), reward_id) for _ in range(80)]
    few_statements = await statements_of(conn, one)
    assert few_statements == await statements_of(conn, many)
    assert few_statements <= 13
    assert await outcomes(conn) == {"completed": 50, "out_of_stock": 33}


async def test_a_tier_that_a_reward_is_given_meanwhile_holds_for_who_waited(pool: Pool, conn: Connection) -> None:
    await conn.execute("insert into tier (code, name, rank, threshold_points) values ('gold', 'Gold', 1, 1000)")
    reward_id = await add_reward(conn)
    event = await ask(conn, await add_member(conn, 500), reward_id)
    async with pool.acquire() as other:
        async with conn.transaction():
            await conn.execute("update reward set minimum_tier_code = 'gold' where id = $1", reward_id)
            decided = asyncio.ensure_future(decide(other, [event]))
            await eventually(lambda: waits_for_a_lock(pool))
        await decided
    assert await outcomes(pool) == {"tier_not_eligible": 1}

"""A rush on what is scarce: as many get it as there is of it, and nobody's balance goes below zero."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from cli.journey.client import Answer, ApiClient
from loyalty.store.database import Pool
from tests.support.people import decided, new_members, new_reward

pytestmark = pytest.mark.timeout(240)

REDEEM = "/api/customer/redeem"
RUSH = 200
DECISION_SECONDS = 60
LOOK_SECONDS = 0.005

Eventually = Callable[..., Awaitable[Any]]


async def test_200_at_once_by_a_member_who_can_afford_3(
    client: ApiClient, database: Pool, eventually: Eventually
) -> None:
    [member] = await new_members(database, 1, points=350)
    reward = await new_reward(database, points_cost=100)
    async with _lowest_balance(database, [member]) as seen:
        answers = await _rush(client, [member] * RUSH, reward)
        await eventually(partial(decided, database, reward, RUSH), DECISION_SECONDS)
    assert {answer.status for answer in answers} == {202}
    assert await _outcomes(database, reward) == {("completed", None): 3, ("rejected", "insufficient_points"): 197}
    assert min(seen) == 50
    assert await _ledger_balances(database, [member]) == [50]


async def test_200_members_at_once_for_a_reward_of_which_there_are_3(
    client: ApiClient, database: Pool, eventually: Eventually
) -> None:
    members = await new_members(database, RUSH, points=100)
    reward = await new_reward(database, points_cost=100, stock=3)
    async with _lowest_balance(database, members) as seen:
        await _rush(client, members, reward)
        await eventually(partial(decided, database, reward, RUSH), DECISION_SECONDS)
    assert await _outcomes(database, reward) == {("completed", None): 3, ("rejected", "out_of_stock"): 197}
    assert min(seen) == 0
    async with database.acquire() as conn:
        assert await conn.fetchval("select stock_remaining from reward where id = $1", reward) == 0
        vouchers = await conn.fetch(
            "select voucher_code from redemption where reward_id = $1 and status = 'completed'", reward
        )
    assert len({row["voucher_code"] for row in vouchers} - {None}) == 3
    assert sorted(await _ledger_balances(database, members)) == [0] * 3 + [100] * 197


async def test_the_same_key_200_times_at_once_is_one_redemption(
    client: ApiClient, database: Pool, eventually: Eventually
) -> None:
    [member] = await new_members(database, 1, points=1_000)
    reward = await new_reward(database, points_cost=100)
    answers = await _rush(client, [member] * RUSH, reward, key="the same key")
    assert len({answer.body["redemption_id"] for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    await eventually(partial(decided, database, reward, 1), DECISION_SECONDS)
    assert await _ledger_balances(database, [member]) == [900]


async def _rush(client: ApiClient, members: Sequence[UUID], reward: UUID, key: str | None = None) -> list[Answer]:
    """Everyone asks at once, every other one at the other process."""
    processes = [ApiClient(client.session, [url], client.mint) for url in client.urls]
    return await asyncio.gather(
        *(
            processes[number % 2].post(member, REDEEM, {"reward_id": str(reward)}, key or f"rush-{reward}-{number}")
            for number, member in enumerate(members)
        )
    )


@asynccontextmanager
async def _lowest_balance(database: Pool, members: Sequence[UUID]) -> AsyncIterator[list[int]]:
    """The lowest balance of the members, seen again and again by another connection while the context lasts."""
    seen: list[int] = []
    query = """select least(min(w.available), min(e.available_after)) from wallet w
      left join journal_entry e using (member_id) where w.member_id = any($1)"""

    async def look() -> None:
        async with database.acquire() as conn:
            while True:
                seen.append(await conn.fetchval(query, members))
                await asyncio.sleep(LOOK_SECONDS)

    looking = asyncio.create_task(look())
    yield seen
    async with database.acquire() as conn:
        seen.append(await conn.fetchval(query, members))
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def _outcomes(database: Pool, reward: UUID) -> dict[tuple[str, str | None], int]:
    async with database.acquire() as conn:
        rows = await conn.fetch("select status, reason from redemption where reward_id = $1", reward)
    return dict(Counter((row["status"], row["reason"]) for row in rows))


async def _ledger_balances(database: Pool, members: Sequence[UUID]) -> list[int]:
    """The members' balances as their postings add up."""
    async with database.acquire() as conn:
        rows = await conn.fetch(
            """select sum(points)::bigint as points from posting
            where member_id = any($1) and account = 'member.available' group by member_id""",
            members,
        )
    return [row["points"] for row in rows]

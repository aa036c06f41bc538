"""Events that an operator has published again do nothing a second time, whatever the worker remembers of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from cli.journey.client import ApiClient
from loyalty.store.database import Pool
from tests.support.people import decided, new_members, new_reward
from tests.support.system import System

pytestmark = pytest.mark.timeout(240)

REDEEM = "/api/customer/redeem"
DECISION_SECONDS = 60

Eventually = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize("remembered", [True, False], ids=["in the inbox", "forgotten by the inbox"])
async def test_a_replay_changes_nothing(
    system: System, client: ApiClient, database: Pool, eventually: Eventually, remembered: bool
) -> None:
    [member] = await new_members(database, 1, points=1_000)
    reward = await new_reward(database, points_cost=100)
    await _redeem(client, member, reward, range(5))
    await eventually(partial(decided, database, reward, 5), DECISION_SECONDS)
    before = await _effects(database, member)
    if not remembered:
        async with database.acquire() as conn:
            told = "select id from redemption where member_id = $1"
            assert await conn.execute(f"delete from inbox where event_id in ({told})", member) == "DELETE 5"
    # an event may be decided before the relay's checkpoint has passed it, and until then it is not replayed
    await eventually(partial(_all_replayable, system, member), DECISION_SECONDS)
    assert await _replay(system, member) == (5, 0)
    # of one key, so behind the replayed events in their partition: once it is decided, they have been handled
    await _redeem(client, member, reward, range(5, 6))
    await eventually(partial(decided, database, reward, 6), DECISION_SECONDS)
    after = await _effects(database, member)
    assert before == (5, 500, 5)
    assert after == (6, 400, 6)


async def _redeem(client: ApiClient, member: UUID, reward: UUID, numbers: range) -> None:
    for number in numbers:
        answer = await client.post(member, REDEEM, {"reward_id": str(reward)}, f"replayed-{reward}-{number}")
        assert answer.status == 202


async def _all_replayable(system: System, member: UUID) -> bool:
    return await _replay(system, member, "--dry-run") == (5, 0)


async def _replay(system: System, member: UUID, *options: str) -> tuple[int, int]:
    """How many events were published again, and how many still wait for the relay's checkpoint to pass them."""
    asked = ("outbox", "replay", "--topic", "reward.redeemed", "--key", str(member), "--json", *options)
    done = json.loads((await asyncio.to_thread(system.laurel, *asked)).stdout.splitlines()[0])
    return done["rows"], done["unpublished_rows"]


async def _effects(database: Pool, member: UUID) -> tuple[int, int, int]:
    """Entries of redemptions, the balance as the postings add up, outcomes that were told of."""
    query = """select
      (select count(*) from journal_entry where member_id = $1 and kind = 'redeem'),
      (select sum(points)::bigint from posting where member_id = $1 and account = 'member.available'),
      (select count(*) from outbox where topic = 'redemption.completed' and key = $1::uuid::text)"""
    async with database.acquire() as conn:
        return tuple(await conn.fetchrow(query, member))

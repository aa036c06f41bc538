"""The worker as a process, on real Kafka: what is put on the topics is done once, whatever happens to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from loyalty.services.earning import Recorded
from loyalty.store.database import Pool
from tests.support.processes import LaurelProcess
from tests.support.rows import (
    BASE_RULE,
    add_member,
    add_merchant,
    add_redemption,
    add_reward,
    add_rule,
    add_transactions,
    laurel_pool,
    recorded,
    redeemed,
)
from tests.support.worker_rig import Rig, shuffled_within_members

Eventually = Callable[..., Any]
StartLaurel = Callable[..., LaurelProcess]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
def rig(kafka_bootstrap: str, topic_prefix: str) -> Iterator[Rig]:
    rig = Rig(kafka_bootstrap, topic_prefix)
    rig.create_topics()
    yield rig
    rig.delete_topics()


async def shopping(pool: Pool, members: int, purchases_each: int, seed: int = 1) -> list[Recorded]:
    """Purchases of 10.00 by so many members, mixed; under the base rule each earns 10 points."""
    async with pool.acquire() as conn, conn.transaction():
        if not await conn.fetchval("select exists (select from earning_rule)"):
            await add_rule(conn, BASE_RULE)
        merchant_id = await add_merchant(conn)
        queues = []
        for _ in range(members):
            member_id = await add_member(conn)
            ids = await add_transactions(conn, member_id, merchant_id, purchases_each)
            queues.append([recorded(member_id, transaction_id) for transaction_id in ids])
    return shuffled_within_members(queues, seed)


async def awarded(pool: Pool) -> int:
    count = await pool.fetchval("select count(*) from award")
    assert isinstance(count, int)
    return count


async def check_totals(pool: Pool, events: list[Recorded]) -> None:
    """Every purchase once, in the order sent for each member, and the balances follow."""
    assert await awarded(pool) == len(events)
    assert await pool.fetchval("select sum(available) from wallet") == 10 * len(events)
    assert await pool.fetchval("select count(*) from outbox where topic = 'points.earned'") == len(events)
    sent: dict[UUID, list[UUID]] = {}
    for event in events:
        sent.setdefault(event.body.member_id, []).append(event.event_id)
    booked: dict[UUID, list[UUID]] = {}
    for row in await pool.fetch("select member_id, event_id from journal_entry order by member_id, seq"):
        booked.setdefault(row["member_id"], []).append(row["event_id"])
    assert booked == sent


async def test_a_purchase_and_a_redemption_go_all_the_way(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    worker = laurel_process("worker", **rig.environment)
    events = await shopping(pool, members=1, purchases_each=30)
    rig.send(events)
    await eventually(lambda: all_awarded(pool, 30), timeout_seconds=30)
    member_id = events[0].body.member_id
    async with pool.acquire() as conn:
        reward_id = await add_reward(conn, 200)
        ids = [await add_redemption(conn, member_id, reward_id, 200) for _ in range(2)]
    rig.send([redeemed(member_id, redemption_id, reward_id, 200) for redemption_id in ids])

    async def decided() -> bool:
        rows = await pool.fetch("select status, reason from redemption order by id")
        return [tuple(row) for row in rows] == [("completed", None), ("rejected", "insufficient_points")]

    await eventually(decided)
    assert worker.stop() == 0
    assert rig.committed_lag() == 0


async def all_awarded(pool: Pool, count: int) -> bool:
    return await awarded(pool) >= count

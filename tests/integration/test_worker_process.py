"""The worker as a process, on real Kafka: what is put on the topics is done once, whatever happens to it."""

from __future__ import annotations

import json
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from redis import asyncio as aioredis

from agents.ending import EXIT_BUG, EXIT_CONSUMER_GROUP, EXIT_TOO_MANY_DEAD_LETTERS
from loyalty.services.earning import Recorded
from loyalty.services.redeeming import Redeemed
from loyalty.store.database import Pool
from tests.support import processes
from tests.support.broken_worker import BAD_VALUE
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
    waits_for_a_lock,
)
from tests.support.worker_rig import CONSUMED_TOPICS, Rig, shuffled_within_members

Eventually = Callable[..., Any]
StartLaurel = Callable[..., LaurelProcess]

LONG = os.environ.get("LAUREL_TEST_LONG") == "1"
SEED = int(os.environ.get("LAUREL_TEST_SEED", "20261122"))


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


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


async def all_awarded(pool: Pool, count: int) -> bool:
    return await awarded(pool) >= count


async def ask_for(pool: Pool, member_id: UUID, points_cost: int, times: int) -> list[Redeemed]:
    async with pool.acquire() as conn:
        reward_id = await add_reward(conn, points_cost)
        ids = [await add_redemption(conn, member_id, reward_id, points_cost) for _ in range(times)]
    return [redeemed(member_id, redemption_id, reward_id, points_cost) for redemption_id in ids]


async def outcomes(pool: Pool) -> list[str]:
    rows = await pool.fetch("select coalesce(reason, status) as outcome from redemption order by id")
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize("stock_consumer", ["false", "true"])
async def test_events_go_all_the_way_past_what_is_malformed(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually, stock_consumer: str
) -> None:
    worker = laurel_process("worker", **rig.environment, LAUREL_WORKER_STOCK_CONSUMER=stock_consumer)
    events = await shopping(pool, members=3, purchases_each=20)
    rig.send_raw("transaction.recorded", b"{broken")
    rig.send(events[:30])
    rig.send_raw("transaction.recorded", None)
    rig.send_raw("reward.redeemed", b"\xff\x00", key=None)
    rig.send(events[30:])
    await eventually(lambda: all_awarded(pool, 60), timeout_seconds=30)
    rig.send(await ask_for(pool, events[0].body.member_id, 150, times=2))

    async def decided() -> bool:
        return await outcomes(pool) == ["completed", "insufficient_points"]

    await eventually(decided, timeout_seconds=30)
    assert await pool.fetchval("select count(*) from dead_letter") == 3
    assert worker.stop() == 0
    await eventually(lambda: rig.committed_lag() == 0)


async def test_it_says_how_it_is_and_whom_it_served(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually, redis_url: str, free_port: int
) -> None:
    address = f"http://127.0.0.1:{free_port}"
    async with aioredis.Redis.from_url(redis_url) as redis, redis.pubsub() as rung, aiohttp.ClientSession() as http:
        await rung.subscribe(f"{rig.prefix}laurel:changed")
        laurel_process("worker", **rig.environment | {"LAUREL_WORKER_HEALTH_PORT": str(free_port)})
        events = await shopping(pool, members=2, purchases_each=3)
        rig.send(events)
        await eventually(lambda: all_awarded(pool, 6), timeout_seconds=30)

        told: set[str] = set()

        async def everyone_told() -> bool:
            message = await rung.get_message(ignore_subscribe_messages=True)
            told.update(json.loads(message["data"]) if message else ())
            return told == {str(event.body.member_id) for event in events}

        await eventually(everyone_told)

        async def nothing_behind() -> bool:
            fields: Any = await redis.hgetall(f"{rig.prefix}laurel:lag")  # type: ignore[misc]
            lags = {name.decode(): json.loads(value)["lag"] for name, value in fields.items()}
            return len(lags) == len(CONSUMED_TOPICS) * rig.partitions and set(lags.values()) == {0}

        await eventually(nothing_behind, timeout_seconds=15)
        async with http.get(f"{address}/health/ready") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ready", "missing": []})
        async with http.get(f"{address}/metrics") as answer:
            assert 'laurel_worker_events_total{flow="earning"} 6.0' in await answer.text()


async def test_killed_again_and_again_it_does_everything_once(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    kills, purchases = (20, 12_000) if LONG else (3, 3_000)
    rng = random.Random(SEED)
    same_name = {"LAUREL_WORKER_ID": "killed-again"}
    events = await shopping(pool, members=50, purchases_each=purchases // 50, seed=SEED)
    rig.send(events)
    for _ in range(kills):
        worker = laurel_process("worker", **rig.environment | same_name | {"LAUREL_WORKER_BATCH_EVENTS": "20"})
        goal = await awarded(pool) + rng.randrange(1, 300)
        await eventually(partial(all_awarded, pool, min(goal, len(events))), timeout_seconds=60)
        worker.kill()
    laurel_process("worker", **rig.environment | same_name)
    await eventually(lambda: all_awarded(pool, len(events)), timeout_seconds=60)
    await eventually(lambda: rig.committed_lag() == 0, timeout_seconds=15)
    await check_totals(pool, events)


async def has_served(port: int) -> bool:
    """Whether the worker with this health port has done an event."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            return bool(re.search(r'worker_events_total{flow="earning"} [1-9]', await answer.text()))
    except aiohttp.ClientConnectionError:
        return False


async def is_ready(port: int) -> bool:
    """Whether the worker with this health port has partitions."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/health/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def test_workers_that_come_and_go_share_the_work(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually, free_port: int
) -> None:
    def start(worker_id: str, health_port: int = 0) -> LaurelProcess:
        slow = {"LAUREL_WORKER_ID": worker_id, "LAUREL_WORKER_BATCH_EVENTS": "5"}
        return laurel_process("worker", **rig.environment | slow | {"LAUREL_WORKER_HEALTH_PORT": str(health_port)})

    events = await shopping(pool, members=50, purchases_each=80)
    first = start("worker-a")
    rig.send(events[:2000])
    await eventually(lambda: all_awarded(pool, 100), timeout_seconds=30)
    start("worker-b", free_port)
    await eventually(partial(is_ready, free_port), timeout_seconds=60)
    rig.send(events[2000:])
    await eventually(partial(has_served, free_port), timeout_seconds=60)
    assert first.stop() == 0
    await eventually(lambda: all_awarded(pool, len(events)), timeout_seconds=60)
    await eventually(lambda: rig.committed_lag() == 0, timeout_seconds=15)
    await check_totals(pool, events)


async def test_database_sessions_and_redis_may_go_away(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually, database_url: str
) -> None:
    away = {"LAUREL_REDIS_URL": "redis://127.0.0.1:1/0", "LAUREL_WORKER_BATCH_EVENTS": "10"}
    worker = laurel_process("worker", **rig.environment | away)
    events = await shopping(pool, members=20, purchases_each=50)
    rig.send(events)
    for share in range(1, 6):
        await eventually(partial(all_awarded, pool, share * 100), timeout_seconds=30)
        await pool.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and application_name like 'laurel worker%'"""
        )
    await eventually(lambda: all_awarded(pool, len(events)), timeout_seconds=60)
    assert worker.stop() == 0
    await check_totals(pool, events)
    assert await pool.fetchval("select count(*) from dead_letter") == 0


async def test_too_many_dead_letters_end_it_with_a_status(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    worker = laurel_process("worker", **rig.environment, LAUREL_DEAD_LETTERS_PER_HOUR="2")
    for _ in range(3):
        rig.send_raw("transaction.recorded", b"{")
    await eventually(lambda: not worker.running(), timeout_seconds=30)
    assert worker.popen.returncode == EXIT_TOO_MANY_DEAD_LETTERS
    assert "looks like a bad release" in worker.log_text()
    assert await pool.fetchval("select count(*) from dead_letter") == 2
    assert rig.committed_lag() >= 1


async def test_it_waits_for_its_topics_and_ends_when_told(
    kafka_bootstrap: str, topic_prefix: str, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    rig = Rig(kafka_bootstrap, topic_prefix)
    worker = laurel_process("worker", **rig.environment)
    await eventually(lambda: "waiting for Kafka" in worker.log_text(), timeout_seconds=30)
    assert worker.stop() == 0


async def test_the_reconciler_tells_again_what_was_lost(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    lost = await shopping(pool, members=2, purchases_each=5)
    soon = {"LAUREL_WORKER_RECONCILE_AFTER_SECONDS": "0.5", "LAUREL_WORKER_RECONCILE_EVERY_SECONDS": "0.2"}
    laurel_process("worker", **rig.environment | soon)

    async def told_again() -> bool:
        rows = await pool.fetch("select event_id from outbox where topic = 'transaction.recorded'")
        return {row["event_id"] for row in rows} == {event.event_id for event in lost}

    await eventually(told_again, timeout_seconds=30)


@pytest.fixture
def own_servers(database_url: str, redis_url: str, kafka_bootstrap: str) -> dict[str, str]:
    return {
        "LAUREL_DATABASE_URL": database_url,
        "LAUREL_REDIS_URL": redis_url,
        "LAUREL_KAFKA_BOOTSTRAP": kafka_bootstrap,
    }


async def test_a_bug_ends_the_process_and_loses_nothing(
    pool: Pool,
    rig: Rig,
    laurel_process: StartLaurel,
    eventually: Eventually,
    own_servers: dict[str, str],
    tmp_path: Path,
) -> None:
    events = await shopping(pool, members=10, purchases_each=20)
    rig.send(events[:100])
    rig.send_raw("transaction.recorded", BAD_VALUE)
    rig.send(events[100:])
    broken = processes.start(
        (), own_servers | rig.environment, tmp_path / "broken.log", module="tests.support.broken_worker"
    )
    try:
        await eventually(lambda: not broken.running(), timeout_seconds=40)
    finally:
        processes.end(broken)
    assert broken.popen.returncode == EXIT_BUG
    assert "a bug where no error is expected" in broken.log_text()
    laurel_process("worker", **rig.environment)
    await eventually(lambda: all_awarded(pool, len(events)), timeout_seconds=40)
    await check_totals(pool, events)
    await eventually(lambda: pool.fetchval("select exists (select from dead_letter)"), timeout_seconds=30)
    assert await pool.fetchval("select payload from dead_letter") == BAD_VALUE


async def test_told_to_stop_it_does_not_wait_for_what_does_not_come(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    worker = laurel_process("worker", **rig.environment)
    events = await shopping(pool, members=1, purchases_each=5)
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("select from wallet for update")
        rig.send(events)
        await eventually(lambda: waits_for_a_lock(pool), timeout_seconds=30)
        assert worker.stop() == 0
        assert rig.committed_lag() == 5
        await held.rollback()
    laurel_process("worker", **rig.environment)
    await eventually(lambda: all_awarded(pool, 5), timeout_seconds=30)
    await check_totals(pool, events)


async def test_two_of_one_name_do_not_take_from_each_other_without_end(
    pool: Pool, rig: Rig, laurel_process: StartLaurel, eventually: Eventually
) -> None:
    def start() -> LaurelProcess:
        return laurel_process("worker", **rig.environment | {"LAUREL_WORKER_ID": "the-same"})

    events = await shopping(pool, members=5, purchases_each=4)
    pair = [start(), start()]
    await eventually(lambda: not all(worker.running() for worker in pair), timeout_seconds=60)
    ended = next(worker for worker in pair if not worker.running())
    assert ended.popen.returncode == EXIT_CONSUMER_GROUP
    assert "is another worker named the-same too?" in ended.log_text()
    for worker in pair:
        worker.kill()
    start()
    rig.send(events)
    await eventually(lambda: all_awarded(pool, 20), timeout_seconds=40)
    await check_totals(pool, events)

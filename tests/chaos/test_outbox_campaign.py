"""The relay under fire: writers that make reading hard, relays that are killed at random moments, and the checker.

`make test-long` runs it whole; LAUREL_TEST_SEED repeats the writers and the moments of a run.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from schemas.events import EVENTS
from tests.chaos.outbox_history import Delivery, Verdict, judge
from tests.chaos.outbox_writers import SCHEMA, Writers
from tests.support.campaigns import sized, write_report
from tests.support.outbox import Record, Stage, staged
from tests.support.processes import LaurelProcess

TOPIC = "transaction.recorded"
PARTITIONS = 3

ROUNDS = sized(6, 100)
FREEZES = sized(1, 20)
SEED = int(os.environ.get("LAUREL_TEST_SEED") or random.randrange(1 << 32))

StartRelay = Callable[..., LaurelProcess]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + ROUNDS * 10)]


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, list(EVENTS), topic_prefix, PARTITIONS) as found:
        yield found


@pytest.fixture
def start_relay(laurel_process: Callable[..., LaurelProcess], topic_prefix: str) -> StartRelay:
    def start(**variables: str) -> LaurelProcess:
        own = {
            "LAUREL_TOPIC_PREFIX": topic_prefix,
            "LAUREL_KAFKA_PARTITIONS": str(PARTITIONS),
            "LAUREL_RELAY_METRICS_PORT": "0",
            "LAUREL_RELAY_LEADERSHIP_SECONDS": "4",
        }
        return laurel_process("relay", **{**own, **variables})

    return start


async def test_relays_killed_at_random_lose_nothing_and_repeat_nothing(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    print(f"seed {SEED}, {ROUNDS} rounds")
    dice = random.Random(SEED)
    await conn.execute(SCHEMA)
    writers = Writers(stage.dsn, stage.topics, SEED)
    writing = asyncio.create_task(writers.run(short=6, long=2))
    for _ in range(ROUNDS):
        relay = start_relay(LAUREL_RELAY_PAGE_ROWS=str(dice.choice([7, 40, 2_000])))
        await asyncio.sleep(dice.uniform(0.8, 2.5))
        await asyncio.to_thread(relay.kill)
    writers.stopped = True
    await writing
    start_relay()
    verdict = await judged(stage, conn, writers)
    _report("outbox-killed-relays", ROUNDS, writers, verdict)
    assert verdict == Verdict(), f"{verdict} (seed {SEED})"


async def test_a_leader_that_is_frozen_is_replaced_and_does_no_harm_when_it_wakes(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    print(f"seed {SEED}")
    await conn.execute(SCHEMA)
    writers = Writers(stage.dsn, stage.topics, SEED, pause_seconds=0.02)
    writing = asyncio.create_task(writers.run(short=4, long=1))
    relays = [start_relay(), start_relay()]
    for _ in range(FREEZES):
        frozen = await leader_among(conn, relays)
        frozen.send(signal.SIGSTOP)
        await asyncio.sleep(random.Random(SEED).uniform(6, 8))
        assert await leader_among(conn, relays) is not frozen
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(1)
    writers.stopped = True
    await writing
    verdict = await judged(stage, conn, writers)
    _report("outbox-frozen-leaders", FREEZES, writers, verdict)
    harmless = Verdict(duplicated=verdict.duplicated)
    assert verdict == harmless, f"{verdict} (seed {SEED})"
    assert len(verdict.duplicated) < 100 * FREEZES, "the inbox absorbs them, but few should come"


def _report(name: str, rounds: int, writers: Writers, verdict: Verdict) -> None:
    counts = {field.name: len(getattr(verdict, field.name)) for field in dataclasses.fields(verdict)}
    write_report(name, {"seed": SEED, "rounds": rounds, "written": len(writers.written), **counts})


async def leader_among(conn: asyncpg.Connection, relays: list[LaurelProcess]) -> LaurelProcess:
    """The relay whose session holds the leader's lock, found by the port of its connection."""
    while True:
        port = await conn.fetchval(
            """select a.client_port from pg_locks l join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.granted and l.classid = 1280267096 and a.datname = current_database()"""
        )
        for relay in relays:
            with suppress(OSError):
                if port in _local_ports(relay.pid):
                    return relay
        await asyncio.sleep(0.05)


def _local_ports(pid: int) -> set[int]:
    import psutil

    return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp") if connection.laddr}


async def judged(stage: Stage, conn: asyncpg.Connection, writers: Writers) -> Verdict:
    """Wait until a relay has published all there is, then compare."""
    committed: list[UUID] = [row["event_id"] for row in await conn.fetch("select event_id from outbox")]
    expected = set(committed)
    for _ in range(300):
        records = await stage.records(min(len(expected), 1))
        if expected <= {UUID(record.headers["ce_id"]) for record in records}:
            break
        await asyncio.sleep(0.1)
    print(f"{len(writers.written)} written, {len(committed)} committed, {len(records)} records")
    return judge(writers.written, committed, [_delivery(record) for record in records])


def _delivery(record: Record) -> Delivery:
    return Delivery(UUID(record.headers["ce_id"]), record.key, record.partition, record.offset, record.produced_at)

"""Processes and servers that end without a word: the relay's, and Kafka's own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from outbox import status
from schemas.events import EVENTS
from stack import kafka
from stack.home import Home
from stack.service import Service
from tests.support.outbox import Stage, StartRelay, relay_starter, staged
from tests.support.processes import LaurelProcess
from tests.support.waiting import eventually, eventually_sync

PARTITIONS = 2
BACKLOG_ROWS = 20_000


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, list(EVENTS), topic_prefix, PARTITIONS) as found:
        yield found


@pytest.fixture
def start_relay(laurel_process: Callable[..., LaurelProcess], stage: Stage) -> StartRelay:
    return relay_starter(laurel_process, stage.topics, LAUREL_RELAY_PAGE_ROWS="200")


async def test_relays_killed_in_the_middle_of_a_backlog_repeat_nothing(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    await stage.append(conn, *(stage.event(f"k{n % 50}") for n in range(BACKLOG_ROWS)))
    reached = 0
    for _ in range(5):
        relay = start_relay()
        reached = len(await stage.records(min(reached + 500, BACKLOG_ROWS)))
        relay.kill()
    start_relay()
    records = await stage.records(BACKLOG_ROWS)
    assert Counter(record.outbox_id for record in records) == Counter(range(1, BACKLOG_ROWS + 1))
    for partition in range(PARTITIONS):
        ids = [record.outbox_id for record in records if record.partition == partition]
        assert ids == sorted(ids)


async def test_a_standby_process_takes_over_from_one_that_was_killed(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    first = start_relay()
    await stage.append(conn, stage.event())
    await stage.published_rows(conn, 1)
    start_relay()
    first.kill()
    await stage.append(conn, stage.event())
    await stage.published_rows(conn, 2)


FROZEN_LEADER = """
import asyncio, os, signal, sys
import asyncpg
from outbox.statements import load

async def freeze():
    connection = await asyncpg.connect(sys.argv[1])
    assert await connection.fetchval(load("checkpoint")["try_lead"])
    print("leads", flush=True)
    answer = asyncio.ensure_future(connection.fetchval("select repeat('x', 200000000)"))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGSTOP)

asyncio.run(freeze())
"""


@pytest.fixture
def frozen_leader(stage: Stage) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", FROZEN_LEADER, stage.dsn], stdout=subprocess.PIPE) as frozen:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == b"leads\n"
        yield
        frozen.kill()


@pytest.mark.usefixtures("frozen_leader")
async def test_a_leader_that_froze_in_the_middle_of_an_answer_is_replaced(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)


async def test_a_relay_that_is_asked_to_end_hands_over_and_ends_well(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    relay = start_relay()
    await stage.append(conn, *(stage.event() for _ in range(100)))
    await stage.published_rows(conn, 100)
    assert await asyncio.to_thread(relay.stop) == 0
    assert (await status(conn)).leader is None


@dataclass(slots=True)
class OwnKafka:
    """A broker that a test may end."""

    service: Service
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        self.service.prepare()
        self.process = subprocess.Popen(
            self.service.command,
            env={**os.environ, **self.service.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually_sync(self.service.is_ready, 60)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[OwnKafka]:
    home = Home.at(tmp_path / "stack")
    home.create()
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], other.getsockname()[1]
    service, _ = kafka.service(home, *ports, {}, lambda *_: None)
    broker = OwnKafka(service)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.mark.slow
async def test_kafka_away_is_waited_for_without_losing_the_place(
    database_url: str, conn: asyncpg.Connection, broker: OwnKafka, topic_prefix: str
) -> None:
    with staged(database_url, broker.service.address, ["orders"], topic_prefix) as stage:
        async with stage.relaying(longest_outage_pause_seconds=0.5) as relay:
            await append_and_publish(stage, conn, 100)
            session = await leader_pid(conn)

            broker.process.send_signal(signal.SIGSTOP)
            await stage.append(conn, *(stage.event(f"k{n % 7}") for n in range(100)))
            await asyncio.sleep(stage.settings().leadership_seconds + 1)
            assert await leader_pid(conn) == session, "an outage of Kafka costs nobody the leadership"
            broker.process.send_signal(signal.SIGCONT)
            await stage.published_rows(conn, 200, 60)

            await asyncio.to_thread(broker.kill)
            await stage.append(conn, *(stage.event(f"k{n % 7}") for n in range(100)))
            await asyncio.to_thread(broker.start)
            await stage.published_rows(conn, 300, 60)
            assert not relay.done()
        records = await stage.records(300)
    assert sorted(record.outbox_id for record in records) == list(range(1, 301))
    for key in {record.key for record in records}:
        ids = [record.outbox_id for record in records if record.key == key]
        assert ids == sorted(ids)


async def append_and_publish(stage: Stage, conn: asyncpg.Connection, count: int) -> None:
    await stage.append(conn, *(stage.event(f"k{n % 7}") for n in range(count)))
    await stage.published_rows(conn, count)


async def leader_pid(conn: asyncpg.Connection) -> int:
    async def found() -> int | None:
        leader = (await status(conn)).leader
        return leader.pid if leader else None

    pid = await eventually(found)
    assert pid is not None
    return pid

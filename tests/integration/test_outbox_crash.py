"""Processes and servers that end without a word: the relay's, and Kafka's own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import asyncpg
import pytest

from outbox import status
from schemas.events import EVENTS
from tests.support.outbox import Stage, StartRelay, relay_starter, staged
from tests.support.processes import LaurelProcess

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

"""From one relay to the next: what a clean end leaves behind, who hears of it, and that it comes whatever hangs."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient

from outbox import status
from outbox.checkpoint import begin_publishing, read_checkpoint
from outbox.leadership import connect
from outbox.reconciliation import look_beyond
from schemas.events import EVENTS
from tests.support.outbox import Stage, StartRelay, relay_starter, staged
from tests.support.processes import LaurelProcess
from tests.support.proxy import proxied
from tests.support.waiting import eventually

ENDS_SECONDS = 20

HANGS = """
import sys
from outbox import RelaySettings, Topics
from outbox.process import relay
dsn, bootstrap, prefix = sys.argv[1:]
topics = Topics.of(["orders"], 3, prefix)
relay(RelaySettings(dsn=dsn, kafka={"bootstrap.servers": bootstrap}, topics=topics), end_seconds=0.5)
"""


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, list(EVENTS), topic_prefix) as found:
        yield found


@pytest.fixture
def start_relay(laurel_process: Callable[..., LaurelProcess], stage: Stage) -> StartRelay:
    return relay_starter(laurel_process, stage.topics)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CountingAdmin(AdminClient):
    """How often it was asked where the topics end or begin."""

    asked = 0

    def list_offsets(self, *args: Any, **kwargs: Any) -> Any:
        self.asked += 1
        return super().list_offsets(*args, **kwargs)


async def complete(conn: asyncpg.Connection) -> bool:
    found: bool = await conn.fetchval("select complete from outbox_checkpoint")
    return found


async def test_a_relay_that_ends_leaves_a_complete_checkpoint_and_one_that_is_killed_does_not(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    first = start_relay()
    await stage.append(conn, stage.event())
    await stage.published_rows(conn, 1)
    assert not await complete(conn)
    assert await asyncio.to_thread(first.stop) == 0
    assert await complete(conn)
    second = start_relay()
    await stage.append(conn, stage.event())
    await stage.published_rows(conn, 2)
    await asyncio.to_thread(second.kill)
    assert not await complete(conn)


async def test_topics_that_end_where_a_complete_checkpoint_says_are_looked_at_once(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    async with stage.relaying():
        await stage.append(conn, *(stage.event(f"k{n}") for n in range(20)))
        await stage.published_rows(conn, 20)
    ends = (await read_checkpoint(conn)).ends
    known, doubted = CountingAdmin(stage.kafka), CountingAdmin(stage.kafka)
    assert look_beyond(known, stage.kafka, stage.topics, ends, complete=True).events == {}
    assert look_beyond(doubted, stage.kafka, stage.topics, ends, complete=False).events == {}
    assert known.asked == 2, "where they begin and where they end"
    assert doubted.asked > known.asked


async def test_a_complete_checkpoint_is_not_believed_against_what_is_in_the_topics(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    async with stage.relaying():
        await stage.append(conn, *(stage.event(f"k{n}") for n in range(20)))
        await stage.published_rows(conn, 20)
    await conn.execute("update outbox_checkpoint set since = '3:3:', ends = '{}', published_rows = 0")
    assert await complete(conn)
    async with stage.relaying():
        await stage.published_rows(conn, 20)
    assert sorted(record.outbox_id for record in await stage.records(20)) == list(range(1, 21))


async def test_that_a_checkpoint_is_no_longer_complete_is_on_the_disk_before_anything_is_sent(stage: Stage) -> None:
    session = await connect(stage.settings())
    await read_checkpoint(session)
    await session.execute("update outbox_checkpoint set complete = true")
    async with session.transaction():
        assert await begin_publishing(session)
        assert await session.fetchval("show synchronous_commit") == "on"
    assert await session.fetchval("show synchronous_commit") == "off"
    assert not await begin_publishing(session)
    await session.close()


async def test_a_standby_hears_that_the_leader_resigned(stage: Stage, conn: asyncpg.Connection) -> None:
    """By itself it would ask again after a minute."""
    slow = {"standby_pause_seconds": 60.0, "leadership_seconds": 120.0}
    async with AsyncExitStack() as first:
        await first.enter_async_context(stage.relaying(application_name="first"))
        await stage.append(conn, stage.event("a"))
        await stage.published_rows(conn, 1)
        async with stage.relaying(application_name="second", **slow):
            await stands_by(conn, "second")
            await first.aclose()
            await leads(conn, "second")


async def leads(conn: asyncpg.Connection, application: str) -> None:
    async def so() -> bool:
        leader = (await status(conn)).leader
        return leader is not None and leader.application == application

    await eventually(so, ENDS_SECONDS)


async def stands_by(conn: asyncpg.Connection, application: str) -> None:
    async def so() -> bool:
        found: str | None = await conn.fetchval(
            "select query from pg_stat_activity where application_name = $1 and state = 'idle'", application
        )
        return found is not None and "pg_terminate_backend" in found

    await eventually(so, ENDS_SECONDS)


async def test_a_relay_ends_though_postgresql_says_nothing(stage: Stage, conn: asyncpg.Connection) -> None:
    async with (
        asyncio.timeout(ENDS_SECONDS),
        proxied(stage.dsn) as (through, proxy),
        stage.relaying(dsn=through, drain_seconds=0.1),
    ):
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
        proxy.hold()


async def test_what_hangs_at_the_end_is_left_and_told(stage: Stage, conn: asyncpg.Connection) -> None:
    async with proxied(stage.dsn) as (through, proxy):
        arguments = [sys.executable, "-c", HANGS, through, stage.bootstrap, stage.topics.prefix]
        relay = await asyncio.to_thread(subprocess.Popen, arguments, stderr=subprocess.PIPE, text=True)
        await leads(conn, "laurel-relay")
        proxy.hold()
        relay.send_signal(signal.SIGTERM)
        _, said = await asyncio.to_thread(relay.communicate, timeout=ENDS_SECONDS)
    assert relay.returncode == 1
    assert "Timeout" in said
    assert "Thread" in said


async def test_a_client_that_says_nothing_keeps_neither_others_nor_the_end_waiting(
    stage: Stage, conn: asyncpg.Connection, free_port: int
) -> None:
    async with asyncio.timeout(ENDS_SECONDS), stage.relaying(metrics_port=free_port):
        await leads(conn, "laurel-relay")
        silent = socket.create_connection(("127.0.0.1", free_port))
    silent.close()

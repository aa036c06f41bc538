"""Relay, Kafka and PostgreSQL are killed at random moments, in turn, while writers make reading hard; and the checker.

SIGKILL ends a process, not the machine: what it had written to files is in the page cache and stays. PostgreSQL
recovers from its WAL as after a power failure, but for what only fsync would have brought to the disk. Kafka does not
fsync before it acknowledges (it relies on replicas); one broker that is killed keeps what it acknowledged, one machine
that loses power might not.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from outbox import status
from outbox.database import DATABASE_ERRORS
from schemas.events import EVENTS
from tests.chaos.outbox_campaign import outcome, tell
from tests.chaos.outbox_writers import SCHEMA, Writers
from tests.support import databases, processes
from tests.support.campaigns import run_seed, seeded, sized
from tests.support.outbox import Stage, StartRelay, leader_among, relay_starter, staged
from tests.support.own_servers import OwnServers, own_servers
from tests.support.processes import LaurelProcess
from tests.support.waiting import eventually

ROUNDS = sized(3, 100)
PARTITIONS = 3
AWAY_SECONDS = 1.0
STEADY_SECONDS = 1.5
GOING_SECONDS = 60
ROWS_BEFORE_THE_CRASH = 2_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + ROUNDS * 30), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnServers]:
    async with own_servers(tmp_path_factory.mktemp("kills") / "home") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(servers: OwnServers) -> str:
    return await databases.ensure_template(servers.variables["LAUREL_DATABASE_URL"])


@pytest_asyncio.fixture(loop_scope="module")
async def own_stage(servers: OwnServers, template: str, topic_prefix: str) -> AsyncIterator[Stage]:
    """A database and topics on servers that may die; they go with the servers."""
    dsn = await databases.clone(servers.variables["LAUREL_DATABASE_URL"], template)
    with staged(dsn, servers.variables["LAUREL_KAFKA_BOOTSTRAP"], list(EVENTS), topic_prefix, PARTITIONS) as stage:
        yield stage


@pytest.fixture
def start_relay(own_stage: Stage, servers: OwnServers, tmp_path: Path) -> Iterator[StartRelay]:
    started: list[LaurelProcess] = []
    numbers = itertools.count(1)
    environment = {**servers.variables, "LAUREL_DATABASE_URL": own_stage.dsn}

    def start(*arguments: str, **variables: str) -> LaurelProcess:
        log = tmp_path / f"{next(numbers)}-relay.log"
        started.append(processes.start(arguments, {**environment, **variables}, log))
        return started[-1]

    yield relay_starter(start, own_stage.topics)
    for process in reversed(started):
        processes.end(process)


@dataclass(slots=True)
class Killing:
    """Two relays, one of them leading, on servers that die; whatever was killed is started again."""

    servers: OwnServers
    stage: Stage
    start_relay: StartRelay
    dice: random.Random
    relays: list[LaurelProcess] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    async def rounds(self, count: int) -> None:
        """So many kills: relay, Kafka, PostgreSQL in turn."""
        self.relays = [self.start_relay(), self.start_relay()]
        turns: tuple[Callable[[], Awaitable[None]], ...] = (self._relay, self._kafka, self._postgres)
        for _, turn in zip(range(count), itertools.cycle(turns), strict=False):
            if self.dice.random() < 0.8:  # else the next blow comes while the last one still hurts
                await self._until_it_goes_on()
            await asyncio.sleep(self.dice.uniform(0, STEADY_SECONDS))
            await turn()

    async def _relay(self) -> None:
        async with self.stage.connected() as conn:
            leader = await leader_among(conn, self.relays)
        self.kills["relay"] += 1
        await asyncio.to_thread(leader.kill)
        self.relays.remove(leader)
        self.relays.append(self.start_relay())

    async def _kafka(self) -> None:
        self.kills["kafka"] += 1
        await self._kill_and_start("kafka")

    async def _postgres(self) -> None:
        if self.dice.random() < 0.5:
            self.kills["postgres"] += 1
            await self._kill_and_start("postgres")
            return
        self.kills["postgres_backend"] += 1
        async with self.stage.connected() as conn:
            backends = await conn.fetch(
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )
        await self.servers.kill_backend(self.dice.choice(backends)["pid"])

    async def _kill_and_start(self, name: str) -> None:
        await self.servers.kill(name)
        await asyncio.sleep(self.dice.uniform(0, AWAY_SECONDS))
        await self.servers.start(name)

    async def _until_it_goes_on(self) -> None:
        """Until a relay publishes what is written now."""
        before = await self._published_rows()

        async def more() -> bool:
            return await self._published_rows() > before

        await eventually(more, GOING_SECONDS)

    async def _published_rows(self) -> int:
        try:
            async with self.stage.connected() as conn:
                return (await status(conn)).published_rows
        except DATABASE_ERRORS:
            return 0


async def test_servers_and_relays_killed_in_turn_lose_nothing_and_put_nothing_out_of_order(
    servers: OwnServers, own_stage: Stage, start_relay: StartRelay
) -> None:
    dice = seeded("killed servers")
    async with own_stage.connected() as conn:
        await conn.execute(SCHEMA)
    writers = Writers(own_stage.dsn, own_stage.topics, run_seed(), pause_seconds=0.02)
    writing = asyncio.create_task(writers.run(short=6, long=2))
    killing = Killing(servers, own_stage, start_relay, dice)
    try:
        await killing.rounds(ROUNDS)
    finally:
        writers.stopped = True
        await writing
    async with own_stage.connected() as conn:
        found = await outcome(own_stage, conn, writers)
    tell("outbox-killed-servers", run_seed(), writers, found, {"rounds": ROUNDS, "kills": killing.kills})
    assert found.verdict.faults() <= {"duplicated", "regressed"}, found.verdict


async def test_a_checkpoint_that_a_crash_takes_back_is_made_good_by_the_topics(
    servers: OwnServers, own_stage: Stage
) -> None:
    """The relay's commits do not wait for the disk: the last checkpoints may be gone, the writers' rows may not."""
    await let_nothing_reach_the_disk_unasked(servers)
    async with own_stage.connected() as conn:
        await own_stage.append(conn, *(own_stage.event(f"k{n % 7}") for n in range(ROWS_BEFORE_THE_CRASH)))
        async with own_stage.relaying(page_rows=100, checkpoint_seconds=0.01):
            await own_stage.published_rows(conn, ROWS_BEFORE_THE_CRASH)
            await servers.kill("postgres")
            await servers.start("postgres")
            async with own_stage.connected() as after:
                reached = (await status(after)).published_rows
                await own_stage.published_rows(after, ROWS_BEFORE_THE_CRASH)
    assert reached < ROWS_BEFORE_THE_CRASH, "the crash took checkpoints back"
    records = await own_stage.records(ROWS_BEFORE_THE_CRASH)
    assert sorted(record.outbox_id for record in records) == list(range(1, ROWS_BEFORE_THE_CRASH + 1))


async def test_events_of_a_writer_that_does_not_wait_for_the_disk_survive_a_crash_all_the_same(
    servers: OwnServers, own_stage: Stage
) -> None:
    """Else they could be published, and then never have happened."""
    await let_nothing_reach_the_disk_unasked(servers)
    async with own_stage.connected() as conn:
        await conn.execute("set synchronous_commit = off")
        await conn.execute("create table hasty (n int)")
        await conn.execute("checkpoint")
        await own_stage.append(conn, own_stage.event())
        await conn.execute("insert into hasty values (1)")
    await servers.kill("postgres")
    await servers.start("postgres")
    async with own_stage.connected() as conn:
        assert await conn.fetchval("select count(*) from hasty") == 0, "this is what the crash takes back"
        assert await conn.fetchval("select count(*) from outbox") == 1


async def let_nothing_reach_the_disk_unasked(servers: OwnServers) -> None:
    superuser = await servers.superuser()
    await superuser.execute("alter system set wal_writer_delay = '10s'")
    await superuser.execute("select pg_reload_conf()")
    await superuser.close()


async def test_kafka_away_is_waited_for_without_losing_the_place(servers: OwnServers, own_stage: Stage) -> None:
    """Kafka is told to refuse late records, as decision 0130 has it: what it refuses for that is no bad record."""
    kafka = servers.process("kafka")
    late_ms = int(own_stage.settings().message_timeout_seconds * 1000)
    for topic in own_stage.topics.partitions:
        await asyncio.to_thread(own_stage.set_topic, topic, "message.timestamp.before.max.ms", late_ms)
    async with own_stage.connected() as conn, own_stage.relaying(longest_outage_pause_seconds=0.5) as relay:
        await append_and_publish(own_stage, conn, 100)
        session = await leader_pid(conn)

        kafka.suspend()
        await own_stage.append(conn, *(own_stage.event(f"k{n % 7}") for n in range(100)))
        await asyncio.sleep(own_stage.settings().leadership_seconds + 1)
        assert await leader_pid(conn) == session, "an outage of Kafka costs nobody the leadership"
        kafka.resume()
        await own_stage.published_rows(conn, 200, 60)

        await servers.kill("kafka")
        await own_stage.append(conn, *(own_stage.event(f"k{n % 7}") for n in range(100)))
        await servers.start("kafka")
        await own_stage.published_rows(conn, 300, 60)
        assert not relay.done()
        assert (await status(conn)).parked_rows == 0
    records = await own_stage.records(300)
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

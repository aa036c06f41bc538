"""What the benches of the outbox share: a database and topics of their own, rows that wait, relays that are processes.

Rows have 235 bytes of payload, a trace context and 1,000 keys; topics have 8 partitions. A rate is rows over the time
from the first record to the last by the relay's own clock, so that starting up does not count.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil
from confluent_kafka import Consumer, TopicPartition

from outbox.statements import load
from schemas.events import EVENTS
from tests.support import databases, processes
from tests.support.outbox import Stage, relay_starter, staged
from tests.support.processes import LaurelProcess
from tests.support.servers import Servers, running
from tests.support.waiting import eventually

TOPIC = "transaction.recorded"
PARTITIONS = 8
KEYS = 1_000
PAYLOAD = b"x" * 235
ROWS_A_TRANSACTION = 100
DRAIN_SECONDS = 900
LOOK_SECONDS = 0.2
READ_LEADER = load("status")["read_leader"]
ANSWER_SECONDS = 10

FILL = """
create or replace procedure bench_fill(transactions int, topic text, keys int, payload bytea, rows_each int)
language plpgsql as $$
begin
  for transaction in 1..transactions loop
    insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent, created_at)
    select gen_random_uuid(), topic, 'member-' || n % keys, payload, '/laurel', now(),
      '00-' || repeat('a', 32) || '-' || repeat('b', 16) || '-01', clock_timestamp()
    from generate_series(transaction * rows_each, (transaction + 1) * rows_each - 1) n;
    commit;
  end loop;
end $$
"""

DEAD_ROWS = """
select coalesce(sum(n_dead_tup), 0)::int from pg_stat_user_tables
where relid in (select inhrelid from pg_inherits where inhparent = 'outbox'::regclass)
"""

SKIP_ALL = """
insert into outbox_checkpoint (since, system_identifier)
select pg_current_snapshot(), system_identifier from pg_control_system()
on conflict (one) do update
set since = pg_current_snapshot(), until = null, last_id = null, low_id = null, high_id = null
"""


@dataclass(frozen=True, slots=True)
class Drain:
    """How a relay emptied the outbox."""

    rows_per_second: float
    cpu_microseconds_per_row: float
    postgres_cpu_microseconds_per_row: float
    """Of the session that reads the log."""
    peak_memory_mib: float


@dataclass(frozen=True, slots=True)
class Rig:
    """One run's database and topics, and a folder for logs."""

    stage: Stage
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def relay(self) -> LaurelProcess:
        """`laurel relay` with its own settings."""
        environment = {"LAUREL_DATABASE_URL": self.stage.dsn, "LAUREL_KAFKA_BOOTSTRAP": self.stage.bootstrap}

        def start(*arguments: str, **variables: str) -> LaurelProcess:
            log = self.folder / f"relay-{next(self._numbers)}.log"
            return processes.start(arguments, {**environment, **variables}, log)

        return relay_starter(start, self.stage.topics)()

    async def fill(self, rows: int, rows_a_transaction: int = ROWS_A_TRANSACTION) -> None:
        """So many rows that wait, in small transactions as writers would have made them.

        Their time is given, so that the outbox does not have them wait for the disk.
        """
        async with self.stage.connected() as conn:
            await conn.execute("set synchronous_commit = off")
            await conn.execute(FILL)
            transactions = rows // rows_a_transaction
            call = "call bench_fill($1, $2, $3, $4, $5)"
            await conn.execute(call, transactions, TOPIC, KEYS, PAYLOAD, rows_a_transaction)

    async def pass_over(self) -> None:
        """Let everything that is there count as published."""
        async with self.stage.connected() as conn:
            await conn.execute(SKIP_ALL)

    async def settle(self) -> None:
        """Let PostgreSQL do now what it would do meanwhile otherwise."""
        async with self.stage.connected() as conn:
            await conn.execute("vacuum analyze outbox")
            await conn.execute("checkpoint")

    async def drain(self, rows: int) -> Drain:
        """Have one relay publish the rows that wait."""
        before, goal = self.ends(), await self._published_rows() + rows
        relay = self.relay()
        try:
            session = await self.led()
            started_up = cpu_seconds(relay.pid)
            await eventually(lambda: self._reached(goal), DRAIN_SECONDS)
            used, asked, memory = cpu_seconds(relay.pid) - started_up, cpu_seconds(session), peak_memory_mib(relay.pid)
        finally:
            processes.end(relay)
        written, seconds = self._written_since(before)
        return Drain(written / seconds, used / rows * 1e6, asked / rows * 1e6, memory)

    async def led(self) -> int:
        """Wait until a relay leads; the process that serves its session."""
        async with self.stage.connected() as conn:

            async def leader() -> int | None:
                found = await conn.fetchrow(READ_LEADER)
                return found and int(found["pid"])

            return await eventually(leader, ANSWER_SECONDS) or 0

    async def _reached(self, published_rows: int) -> bool:
        # Asked so often that counting what waits would cost more than the relay does.
        await asyncio.sleep(LOOK_SECONDS)
        return await self._published_rows() >= published_rows

    async def _published_rows(self) -> int:
        async with self.stage.connected() as conn:
            return await conn.fetchval("select published_rows from outbox_checkpoint") or 0

    def ends(self) -> list[int]:
        """The end offsets of the topic's partitions."""
        with self._consumer() as consumer:
            return [consumer.get_watermark_offsets(at, ANSWER_SECONDS)[1] for at in self._partitions()]

    def _written_since(self, before: list[int]) -> tuple[int, float]:
        """Records, and the seconds from the first to the last of them."""
        now = self.ends()
        grown = [number for number, (start, end) in enumerate(zip(before, now, strict=True)) if end > start]
        first = min(self._time_at(number, before[number]) for number in grown)
        return sum(now) - sum(before), max(self.last_record_at(before) - first, 0.001)

    def last_record_at(self, before: list[int]) -> float:
        """When the last record beyond these ends was produced, by the clock."""
        grown = [(n, end) for n, (start, end) in enumerate(zip(before, self.ends(), strict=True)) if end > start]
        return max(self._time_at(number, end - 1) for number, end in grown)

    def _time_at(self, partition: int, offset: int) -> float:
        with self._consumer() as consumer:
            consumer.assign([TopicPartition(self._name, partition, offset)])
            message = consumer.poll(ANSWER_SECONDS)
            assert message is not None
            assert message.error() is None
            return message.timestamp()[1] / 1000

    @property
    def _name(self) -> str:
        return self.stage.topics.kafka_names[TOPIC]

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._name, number) for number in range(PARTITIONS)]

    @contextmanager
    def _consumer(self) -> Iterator[Consumer]:
        consumer = Consumer({"bootstrap.servers": self.stage.bootstrap, "group.id": "bench"})
        try:
            yield consumer
        finally:
            consumer.close()


@contextmanager
def rig() -> Iterator[Rig]:
    """A database and topics that live as long as the context, on the servers of the environment or ones of our own."""
    with running() as servers, rig_on(servers) as made:
        yield made


@contextmanager
def rig_on(servers: Servers) -> Iterator[Rig]:
    """As `rig`, on servers that run."""
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder:
        template = databases.run_in_thread(databases.ensure_template(servers.database_url))
        dsn = databases.run_in_thread(databases.clone(servers.database_url, template))
        prefix = f"bench-{secrets.token_hex(3)}."
        try:
            with staged(dsn, servers.kafka_bootstrap, list(EVENTS), prefix, PARTITIONS) as stage:
                yield Rig(stage, Path(folder))
        finally:
            databases.run_in_thread(databases.drop(dsn, servers.database_url))


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def peak_memory_mib(pid: int) -> float:
    """The most memory that a process has held so far."""
    state = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in state.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


async def dead_rows(conn: asyncpg.Connection) -> int:
    """Dead tuples in all partitions of the outbox, as far as every session has told the statistics."""
    await conn.execute("select pg_stat_force_next_flush()")
    await asyncio.sleep(0)
    found: int = await conn.fetchval(DEAD_ROWS)
    return found

"""The relay's speed, delay and cost, beside floors and the loop that a team writes first, in the same run.

    python -m bench.relay [--rows N] [--seconds S] [--rounds R] [--chart]

Rows have 235 bytes of payload and 1,000 keys, in 8 partitions; the relay's records have all CloudEvents headers and a
trace context, a bare producer's none, the loop's (SELECT … FOR UPDATE SKIP LOCKED, produce, flush, DELETE) two. A rate
is records over the time between the broker's first and last timestamp, so that starting up does not count. All take
turns, round after round; each figure is the median. The floor of a delay is a record that is produced and consumed
without a database. --chart keeps the figures in docs/reports/relay-speed.json, draws docs/relay-speed.svg, and tells
them in the README.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import uvloop
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench._relay_figures import RATES, keep
from bench._relay_parts import KEYS, PARTITIONS, PAYLOAD
from bench.common import report
from outbox import NewEvent, Poke, Topics, append
from schemas.events import EVENTS
from tests.support import databases, processes
from tests.support.servers import running
from tests.support.waiting import eventually_sync

BENCH = "relay"
TOPIC = "transaction.recorded"
ROWS_A_TRANSACTION = 500
WARM_UP_SECONDS = 3.0
IDLE_SECONDS = 5.0
QUIET_SECONDS = 4.0
"""Until the relay's pauses have grown."""

FILL = """
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select gen_random_uuid(), $1, 'member-' || n % $2, $3, '/laurel', now(),
  '00-' || repeat('a', 32) || '-' || repeat('b', 16) || '-01'
from generate_series(1, $4::int) n
"""


def main() -> None:
    """Prints the figures."""
    options = _options()
    with running() as servers, _database(servers.database_url) as dsn:
        bench = Bench(servers.kafka_bootstrap, dsn, options.rows)
        rounds = [bench.round(options.seconds) for _ in range(options.rounds)]
    figures = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    _report(figures)
    if options.chart:
        keep(figures, f"make bench-relay ARGS='{' '.join(sys.argv[1:])}'")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each rate of the delays is kept up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chart", action="store_true", help="keep the figures, draw and tell them")
    return parser.parse_args()


def _report(found: Mapping[str, float]) -> None:
    drain = found["relay"]
    for floor in ("producer", "copy", "loop"):
        report(BENCH, f"drain_beside_{floor}", drain, "rows/s", found[floor])
    for figure, unit in COSTS.items():
        report(BENCH, figure, found[figure], unit)
    for rate in RATES:
        for point in ("p50", "p99"):
            figure = f"{point}_at_{rate}_per_s"
            report(BENCH, f"commit_to_consumer_{figure}", found[f"relay_{figure}"], "ms", found[f"bare_{figure}"])


COSTS = {
    "cpu_per_row": "microseconds",
    "peak_memory": "MiB",
    "idle_cpu": "% of a core",
    "idle_statements": "1/s",
}


@contextmanager
def _database(server_url: str) -> Iterator[str]:
    template = databases.run_in_thread(databases.ensure_template(server_url))
    url = databases.run_in_thread(databases.clone(server_url, template))
    try:
        yield url
    finally:
        databases.run_in_thread(databases.drop(url, server_url))


class Bench:
    """One run's servers and rows."""

    def __init__(self, bootstrap: str, dsn: str, rows: int) -> None:
        self.bootstrap = bootstrap
        self.dsn = dsn
        self.rows = rows

    def round(self, seconds: float) -> dict[str, float]:
        """Every figure once."""
        found = {"producer": self._rate_of("producer"), "loop": self._rate_of("loop"), **self._relay_figures()}
        for rate in RATES:
            for who, write in (("bare", self._produce_steadily), ("relay", self._commit_steadily)):
                p50, p99 = self._delays(write, rate, seconds, relaying=who == "relay")
                found |= {f"{who}_p50_at_{rate}_per_s": p50 * 1000, f"{who}_p99_at_{rate}_per_s": p99 * 1000}
        return found

    def _rate_of(self, part: str) -> float:
        with self._topics() as topics:
            if part == "loop":
                asyncio.run(self._fill(loop_table=True))
            subprocess.run(self._part(part, topics), check=True)
            return self._rate(topics)

    def _part(self, part: str, topics: Topics) -> list[str]:
        given = {"bootstrap": self.bootstrap, "topic": topics.kafka_names[TOPIC], "dsn": self.dsn, "rows": self.rows}
        return [
            sys.executable,
            "-m",
            "bench._relay_parts",
            part,
            *(f"--{name}={value}" for name, value in given.items()),
        ]

    def _relay_figures(self) -> dict[str, float]:
        """Rows a second of COPY and of the relay, and what the relay cost."""
        with self._topics() as topics:
            asyncio.run(self._fill())
            copied = subprocess.run(self._part("copy", topics), check=True, capture_output=True, text=True)
            with self._relay(topics) as process:
                self._wait_for(topics, 1)
                before, done = _cpu_seconds(process), self._end_offsets(topics)
                self._wait_for(topics, self.rows)
                cpu_seconds, drained = _cpu_seconds(process) - before, self._rate(topics)
                cost = {
                    "cpu_per_row": cpu_seconds / (self.rows - done) * 1e6 if done < self.rows else 0.0,
                    "peak_memory": _peak_memory_mib(process),
                    **self._idle(process, topics),
                }
            return {"copy": self.rows / float(copied.stdout), "relay": drained, **cost}

    def _idle(self, process: psutil.Process, topics: Topics) -> dict[str, float]:
        """What it costs while nothing comes, after some events that were announced by a poke, as Laurel's are."""
        self._commit_steadily(topics, 10, 0.5)
        time.sleep(QUIET_SECONDS)
        cpu, statements = _cpu_seconds(process), asyncio.run(self._transactions())
        time.sleep(IDLE_SECONDS)
        told = asyncio.run(self._transactions()) - statements
        return {
            "idle_cpu": (_cpu_seconds(process) - cpu) / IDLE_SECONDS * 100,
            "idle_statements": told / IDLE_SECONDS,
        }

    async def _transactions(self) -> int:
        """How many were committed in the database, each of the relay's statements one. Told once a second or so."""
        conn = await asyncpg.connect(self.dsn)
        found = await conn.fetchval("select xact_commit from pg_stat_database where datname = current_database()")
        await conn.close()
        return int(found)

    def _delays(
        self, write: Callable[[Topics, int, float], dict[str, float]], rate: int, seconds: float, *, relaying: bool
    ) -> tuple[float, float]:
        """p50 and p99 in seconds, from the answer to COMMIT (or from produce) to the record at a consumer."""
        asyncio.run(self._empty())
        with self._topics() as topics, self._relay(topics, relaying):
            consumer = subprocess.Popen(
                self._part("consumer", topics), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            first = write(topics, 10, 0.2)
            self._wait_for(topics, len(first))
            sent = write(topics, rate, seconds + WARM_UP_SECONDS)
            self._wait_for(topics, len(first) + len(sent))
            time.sleep(0.5)
            seen = [line.split() for line in consumer.communicate("")[0].splitlines()]
        began = min(sent.values()) + WARM_UP_SECONDS
        delays = sorted(float(at) - sent[id_] for id_, at in seen if sent.get(id_, 0) > began)
        return statistics.median(delays), delays[int(len(delays) * 0.99)]

    def _commit_steadily(self, topics: Topics, rate: int, seconds: float) -> dict[str, float]:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_commit(self.dsn, topics, rate, seconds))

    def _produce_steadily(self, topics: Topics, rate: int, seconds: float) -> dict[str, float]:
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 0})
        sent: dict[str, float] = {}
        began_at = time.time()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began_at + number / rate - time.time()))
            id_ = str(uuid.uuid4())
            sent[id_] = time.time()
            producer.produce(topics.kafka_names[TOPIC], PAYLOAD, f"member-{number % KEYS}", headers={"ce_id": id_})
            producer.poll(0)
        producer.flush()
        return sent

    @contextmanager
    def _topics(self) -> Iterator[Topics]:
        topics = Topics.of(EVENTS, PARTITIONS, f"bench-{secrets.token_hex(3)}.")
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        config = {"message.timestamp.type": "LogAppendTime"}
        new = [NewTopic(name, num_partitions=PARTITIONS, config=config) for name in topics.kafka_names.values()]
        for future in admin.create_topics(new).values():
            future.result(30)
        try:
            yield topics
        finally:
            for future in admin.delete_topics(list(topics.kafka_names.values())).values():
                future.result(30)

    async def _fill(self, *, loop_table: bool = False) -> None:
        conn = await asyncpg.connect(self.dsn)
        await conn.execute("truncate outbox, outbox_checkpoint")
        await conn.execute("drop table if exists loop")
        for _ in range(self.rows // ROWS_A_TRANSACTION):
            await conn.execute(FILL, TOPIC, KEYS, PAYLOAD, ROWS_A_TRANSACTION)
        if loop_table:
            await conn.execute("create table loop as select id, event_id, topic, key, payload from outbox")
            await conn.execute("alter table loop add primary key (id)")
        await conn.execute("vacuum analyze")
        await conn.execute("checkpoint")
        await conn.close()

    @contextmanager
    def _relay(self, topics: Topics, relaying: bool = True) -> Iterator[psutil.Process]:
        variables: Mapping[str, str] = {
            "LAUREL_DATABASE_URL": self.dsn,
            "LAUREL_KAFKA_BOOTSTRAP": self.bootstrap,
            "LAUREL_TOPIC_PREFIX": topics.prefix,
            "LAUREL_KAFKA_PARTITIONS": str(PARTITIONS),
            "LAUREL_RELAY_METRICS_PORT": "0",
        }
        if not relaying:
            yield psutil.Process()
            return
        with tempfile.TemporaryDirectory() as folder:
            relay = processes.start(("relay",), variables, Path(folder) / "relay.log")
            try:
                yield psutil.Process(relay.pid)
            finally:
                processes.end(relay)

    async def _empty(self) -> None:
        conn = await asyncpg.connect(self.dsn)
        await conn.execute("truncate outbox, outbox_checkpoint")
        await conn.close()

    def _wait_for(self, topics: Topics, rows: int) -> None:
        eventually_sync(lambda: self._end_offsets(topics) >= rows, 300)

    def _end_offsets(self, topics: Topics) -> int:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench"})
        name = topics.kafka_names[TOPIC]
        try:
            return sum(consumer.get_watermark_offsets(TopicPartition(name, p), 10)[1] for p in range(PARTITIONS))
        except KafkaException:  # a new topic's leaders are not all there yet
            return 0
        finally:
            consumer.close()

    def _rate(self, topics: Topics) -> float:
        """Records over the time from the broker's first to its last timestamp."""
        name = topics.kafka_names[TOPIC]
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench"})
        consumer.assign([TopicPartition(name, partition, 0) for partition in range(PARTITIONS)])
        times: list[int] = []
        while len(times) < self.rows:
            times += [message.timestamp()[1] for message in consumer.consume(10_000, 1.0)]
        consumer.close()
        return self.rows / max((max(times) - min(times)) / 1000, 0.001)


def _cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _peak_memory_mib(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


async def _commit(dsn: str, topics: Topics, rate: int, seconds: float) -> dict[str, float]:
    """Single-row transactions at an even rate; event id to the moment of the answer to COMMIT."""
    committed: dict[str, float] = {}

    async def write(number: int) -> None:
        event = NewEvent(TOPIC, f"member-{number % KEYS}", PAYLOAD, uuid.uuid4(), datetime.now(UTC))
        async with pool.acquire() as conn:
            async with conn.transaction():
                await append(conn, [event], topics)
            committed[str(event.event_id)] = time.time()
        poke.poke()

    async with (
        asyncpg.create_pool(dsn, min_size=16, max_size=16) as pool,
        Poke(dsn) as poke,
        asyncio.TaskGroup() as group,
    ):
        began_at = time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began_at + number / rate - time.monotonic()))
            group.create_task(write(number))
    return committed


if __name__ == "__main__":
    main()

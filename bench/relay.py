"""The relay's speed, delay and cost, beside a bare producer and the loop that a team writes first, in the same run.

    python -m bench.relay [--rows N] [--seconds S]

Rows have 235 bytes of payload and 1,000 keys, in 8 partitions; the relay's records have all CloudEvents headers, the
floors' have none (bare producer) or two (the loop: SELECT … FOR UPDATE SKIP LOCKED, produce, flush, DELETE). A rate is
records over the time between the broker's first and last timestamp, so that starting up does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.common import report
from outbox import NewEvent, Poke, Topics, append
from schemas.events import EVENTS
from tests.support import databases, processes
from tests.support.servers import running
from tests.support.waiting import eventually

BENCH = "relay"
TOPIC = "transaction.recorded"
PARTITIONS = 8
KEYS = 1_000
PAYLOAD = b"x" * 235
ROWS_A_TRANSACTION = 500
LOOP_ROWS = 1_000
WARM_UP_SECONDS = 2.0
IDLE_SECONDS = 5.0

FILL = """
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select gen_random_uuid(), $1, 'member-' || n % $2, $3, '/laurel', now(),
  '00-' || repeat('a', 32) || '-' || repeat('b', 16) || '-01'
from generate_series(1, $4::int) n
"""


def main() -> None:
    """Prints the figures."""
    options = _options()
    if options.part:
        PARTS[options.part](options.bootstrap, options.topic, options.rows, options.dsn)
        return
    with running() as servers, _database(servers.database_url) as dsn:
        bench = Bench(servers.kafka_bootstrap, dsn, options.rows)
        floor = bench.rate_of("producer")
        loop = bench.rate_of("loop")
        relay, cost = bench.relay_rate()
        report(BENCH, "drain_rows_per_s", relay, "rows/s", floor)
        report(BENCH, "drain_rows_per_s_beside_hand_written_loop", relay, "rows/s", loop)
        for figure, (value, unit) in cost.items():
            report(BENCH, figure, value, unit)
        for rate in (200, 1_000):
            p50, p99 = bench.delays(rate, options.seconds)
            report(BENCH, f"commit_to_consumer_p50_at_{rate}_per_s", p50 * 1000, "ms")
            report(BENCH, f"commit_to_consumer_p99_at_{rate}_per_s", p99 * 1000, "ms")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each rate of the delays is kept up")
    for hidden in ("part", "bootstrap", "topic", "dsn"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    return parser.parse_args()


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

    def rate_of(self, part: str) -> float:
        """Rows a second of a floor, in a process of its own."""
        with self._topics() as topics:
            if part == "loop":
                asyncio.run(self._fill(loop_table=True))
            arguments = {"part": part, "bootstrap": self.bootstrap, "topic": topics.kafka_names[TOPIC], "dsn": self.dsn}
            options = [f"--{name}={value}" for name, value in {**arguments, "rows": self.rows}.items()]
            subprocess.run([sys.executable, "-m", "bench.relay", *options], check=True)
            return self._rate(topics)

    def relay_rate(self) -> tuple[float, dict[str, tuple[float, str]]]:
        """Rows a second of the relay, and what it cost."""
        with self._topics() as topics:
            asyncio.run(self._fill())
            with self._relay(topics) as process:
                self._wait_for(topics, self.rows)
                cost = {
                    "relay_cpu_s_per_100000_rows": (_cpu_seconds(process) / self.rows * 100_000, "s"),
                    "relay_peak_memory": (_peak_memory_mib(process), "MiB"),
                    "relay_idle_cpu": (_idle_cpu_percent(process), "% of a core"),
                }
            return self._rate(topics), cost

    def delays(self, rows_per_second: int, seconds: float) -> tuple[float, float]:
        """p50 and p99, in seconds, from the answer to COMMIT to the record at a consumer."""
        with self._topics() as topics, self._relay(topics):
            received: dict[str, float] = {}
            ready, stop = threading.Event(), threading.Event()
            reader = threading.Thread(target=_receive, args=(self.bootstrap, topics, received, ready, stop))
            reader.start()
            ready.wait(10)
            committed = asyncio.run(_write_steadily(self.dsn, topics, rows_per_second, seconds))
            deadline = time.monotonic() + 10
            while len(received) < len(committed) and time.monotonic() < deadline:
                time.sleep(0.05)
            stop.set()
            reader.join()
        began = min(committed.values()) + WARM_UP_SECONDS
        delays = sorted(received[id_] - at for id_, at in committed.items() if at > began)
        return statistics.median(delays), delays[int(len(delays) * 0.99)]

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
        for _ in range(self.rows // ROWS_A_TRANSACTION):
            await conn.execute(FILL, TOPIC, KEYS, PAYLOAD, ROWS_A_TRANSACTION)
        if loop_table:
            await conn.execute("create table loop as select id, event_id, topic, key, payload from outbox")
            await conn.execute("alter table loop add primary key (id)")
        await conn.execute("vacuum analyze")
        await conn.execute("checkpoint")
        await conn.close()

    @contextmanager
    def _relay(self, topics: Topics) -> Iterator[psutil.Process]:
        variables: Mapping[str, str] = {
            "LAUREL_DATABASE_URL": self.dsn,
            "LAUREL_KAFKA_BOOTSTRAP": self.bootstrap,
            "LAUREL_TOPIC_PREFIX": topics.prefix,
            "LAUREL_KAFKA_PARTITIONS": str(PARTITIONS),
            "LAUREL_RELAY_METRICS_PORT": "0",
        }
        with tempfile.TemporaryDirectory() as folder:
            relay = processes.start(("relay",), variables, Path(folder) / "relay.log")
            try:
                yield psutil.Process(relay.pid)
            finally:
                processes.end(relay)

    def _wait_for(self, topics: Topics, rows: int) -> None:
        async def all_there() -> bool:
            return sum(end for _, end in self._watermarks(topics)) >= rows

        asyncio.run(eventually(all_there, 300))

    def _watermarks(self, topics: Topics) -> list[tuple[int, int]]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench"})
        name = topics.kafka_names[TOPIC]
        try:
            return [consumer.get_watermark_offsets(TopicPartition(name, p), 10) for p in range(PARTITIONS)]
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


def _idle_cpu_percent(process: psutil.Process) -> float:
    time.sleep(1)
    before = _cpu_seconds(process)
    time.sleep(IDLE_SECONDS)
    return (_cpu_seconds(process) - before) / IDLE_SECONDS * 100


async def _write_steadily(dsn: str, topics: Topics, rows_per_second: int, seconds: float) -> dict[str, float]:
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
        for number in range(int(rows_per_second * (seconds + WARM_UP_SECONDS))):
            await asyncio.sleep(max(0.0, began_at + number / rows_per_second - time.monotonic()))
            group.create_task(write(number))
    return committed


def _receive(
    bootstrap: str, topics: Topics, received: dict[str, float], ready: threading.Event, stop: threading.Event
) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "fetch.wait.max.ms": 100})
    consumer.assign([TopicPartition(topics.kafka_names[TOPIC], partition, 0) for partition in range(PARTITIONS)])
    ready.set()
    while not stop.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            now = time.time()
            id_ = dict(message.headers() or [])["ce_id"]
            received[bytes(id_ or b"").decode()] = now  # type: ignore[arg-type]
    consumer.close()


def _produce_bare(bootstrap: str, topic: str, rows: int, dsn: str) -> None:
    """The floor: nothing is read, no record has a header or a callback."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 0})
    producer.list_topics(topic, 10)
    for number in range(rows):
        while True:
            try:
                producer.produce(topic, PAYLOAD, f"member-{number % KEYS}")
                break
            except BufferError:
                producer.poll(0.01)
    producer.flush()


def _run_loop(bootstrap: str, topic: str, rows: int, dsn: str) -> None:
    asyncio.run(_loop(bootstrap, topic, dsn))


async def _loop(bootstrap: str, topic: str, dsn: str) -> None:
    """The relay that a team writes first."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
    conn = await asyncpg.connect(dsn)
    while True:
        async with conn.transaction():
            rows = await conn.fetch(
                "select id, event_id::text, topic, key, payload from loop order by id limit $1 for update skip locked",
                LOOP_ROWS,
            )
            if not rows:
                break
            for _, event_id, type_, key, payload in rows:
                producer.produce(topic, payload, key, headers=[("id", event_id), ("type", type_)], on_delivery=_check)
            producer.flush()
            await conn.execute("delete from loop where id = any($1)", [row["id"] for row in rows])
    await conn.close()


def _check(error: object, message: object) -> None:
    if error is not None:
        raise RuntimeError(error)


PARTS: Mapping[str, Callable[[str, str, int, str], None]] = {"producer": _produce_bare, "loop": _run_loop}

if __name__ == "__main__":
    main()

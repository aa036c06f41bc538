"""The worker's events a second with full effects: inbox, rules, ledger, lots, balances, receipts, outbox.

    python -m bench.worker [--events N] [--members N]

The floor of `worker_events_per_s` is a bare agent on stock Faust that only counts, on the same topic in the same run.
`worker_share_of_postgres` compares with the service driven straight from a loop on one connection, without Kafka.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench.common import report
from loyalty.clock import system_clock
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.rulesets import Rulesets
from tests.support import databases, processes
from tests.support.rows import BASE_RULE, add_member, add_merchant, add_rule, add_transactions, laurel_pool, recorded
from tests.support.servers import Servers, running
from tests.support.worker_rig import Rig, shuffled_within_members

BENCH = "worker"
BATCH_EVENTS = 500
SAMPLE_SECONDS = 0.05
WARM_UP_SHARE = 0.1
DAIRY_RULE: dict[str, Any] = {
    "name": "Dairy",
    "scope": {"type": "category", "values": ["dairy"]},
    "effect": {"type": "points_per_amount", "points": "3", "per": "1"},
}
ITEMS = (
    {"sku": "1", "category": "dairy", "quantity": 1, "amount": "2.50"},
    {"sku": "2", "category": "bakery", "quantity": 2, "amount": "3.50"},
    {"sku": "3", "category": None, "quantity": 1, "amount": "4.00"},
)


class Sample(NamedTuple):
    """A moment of a run."""

    seconds: float
    events: float
    cpu_seconds: float


class Measured(NamedTuple):
    """CPU time is the process's own, so it means something on a busy machine too."""

    events_per_second: float
    cpu_us_per_event: float


def main() -> None:
    """Prints the figures."""
    options = _options()
    if options.floor:
        bootstrap, topic_name = options.floor.split(",")
        _count_on_stock_faust(bootstrap, topic_name, options.events)
        return
    with running() as servers, _topics(servers) as rig:
        events = _measure_worker(servers, rig, options)
        _measure_share_of_postgres(servers, events[: options.events // 4], options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _topics(servers: Servers) -> Iterator[Rig]:
    rig = Rig(servers.kafka_bootstrap, f"bench-{secrets.token_hex(4)}.", partitions=8)
    rig.create_topics()
    try:
        yield rig
    finally:
        rig.delete_topics()


@contextmanager
def _database(servers: Servers) -> Iterator[str]:
    template = databases.run_in_thread(databases.ensure_template(servers.database_url))
    url = databases.run_in_thread(databases.clone(servers.database_url, template))
    try:
        yield url
    finally:
        databases.run_in_thread(databases.drop(url, servers.database_url))


def _measure_worker(servers: Servers, rig: Rig, options: argparse.Namespace) -> list[Recorded]:
    with _database(servers) as url:
        events = asyncio.run(_fill(url, options.members, options.events))
        rig.send(events)
        floor = _stock_faust(rig, options.events)
        worker = _worker(servers, url, rig, options.events)
    report(BENCH, "worker_events_per_s", worker.events_per_second, "events/s", floor.events_per_second)
    report(BENCH, "worker_cpu_us_per_event", worker.cpu_us_per_event, "us", floor.cpu_us_per_event)
    return events


async def _fill(url: str, members: int, events: int) -> list[Recorded]:
    queues = []
    async with laurel_pool(url) as pool, pool.acquire() as conn, conn.transaction():
        await add_rule(conn, BASE_RULE)
        await add_rule(conn, DAIRY_RULE)
        merchant_id = await add_merchant(conn)
        for number in range(members):
            member_id = await add_member(conn)
            share = events // members + (number < events % members)
            ids = await add_transactions(conn, member_id, merchant_id, share)
            queues.append([recorded(member_id, transaction_id, items=ITEMS) for transaction_id in ids])
    return shuffled_within_members(queues, seed=1)


def _worker(servers: Servers, url: str, rig: Rig, events: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "worker.log"
        environment = rig.environment | {
            "LAUREL_DATABASE_URL": url,
            "LAUREL_REDIS_URL": servers.redis_url,
            "LAUREL_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
        }
        worker = processes.start(("worker",), environment, log)
        try:
            return _measured(_samples(worker.pid, log, events))
        finally:
            processes.end(worker)


def _samples(pid: int, log: Path, events: int) -> Iterator[Sample]:
    """What the worker tells of itself, until all events are done."""
    done = 0.0
    while done < events:
        time.sleep(SAMPLE_SECONDS)
        port = re.search(r"port=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", log.read_text() if log.exists() else ""))
        if port is None:
            continue
        with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/metrics") as answer:
            found = re.search(r'worker_events_total{flow="earning"} (\S+)', answer.read().decode())
        done = float(found[1]) if found else 0.0
        yield Sample(time.perf_counter(), done, sum(psutil.Process(pid).cpu_times()[:2]))


def _measured(samples: Iterator[Sample]) -> Measured:
    """From the first sample that has a tenth of the events to the last."""
    taken = list(samples)
    start = next(sample for sample in taken if sample.events >= taken[-1].events * WARM_UP_SHARE)
    return _between(start, taken[-1])


def _between(start: Sample, end: Sample) -> Measured:
    events = end.events - start.events
    return Measured(events / (end.seconds - start.seconds), (end.cpu_seconds - start.cpu_seconds) / events * 1e6)


def _stock_faust(rig: Rig, events: int) -> Measured:
    floor = f"{rig.bootstrap},{rig.prefix}transaction.recorded"
    command = [sys.executable, "-P", "-m", "bench.worker", "--events", str(events), "--floor", floor]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return Measured(*map(float, done.stdout.split()[-2:]))


def _count_on_stock_faust(bootstrap: str, topic_name: str, events: int) -> None:
    """Prints how an agent on stock Faust counts the records of a topic, and ends the process."""
    import faust

    app = faust.App(
        f"bench-floor-{secrets.token_hex(4)}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        datadir=tempfile.mkdtemp(prefix="laurel-bench-"),
        consumer_auto_offset_reset="earliest",
    )
    topic = app.topic(topic_name, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")

    async def count(stream: Any) -> None:
        seen, start = 0, Sample(0, 0, 0)
        warm_up = int(events * WARM_UP_SHARE)
        async for _ in stream:
            seen += 1
            if seen == warm_up:
                start = Sample(time.perf_counter(), seen, time.process_time())
            if seen == events:
                done = _between(start, Sample(time.perf_counter(), seen, time.process_time()))
                print(done.events_per_second, done.cpu_us_per_event, flush=True)
                os._exit(0)

    app.agent(topic, name="count")(count)
    worker = faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()


def _measure_share_of_postgres(servers: Servers, events: list[Recorded], options: argparse.Namespace) -> None:
    with _database(servers) as url:
        fresh = asyncio.run(_fill(url, options.members, len(events)))
        straight = asyncio.run(_service_rate(url, fresh))
    report(BENCH, "service_events_per_s", straight, "events/s")


async def _service_rate(url: str, events: list[Recorded]) -> float:
    async with laurel_pool(url) as pool, pool.acquire() as conn:
        rulesets = Rulesets()
        start = time.perf_counter()
        for first in range(0, len(events), BATCH_EVENTS):
            async with conn.transaction():
                await award_transactions(conn, events[first : first + BATCH_EVENTS], system_clock, rulesets)
        return len(events) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()

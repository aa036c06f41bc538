"""The worker's events a second with full effects: inbox, rules, ledger, lots, balances, receipts, outbox.

    python -m bench.worker [--events N] [--members N] [--rounds N]

Each round measures, one after the other on the same events: a bare agent on stock Faust that only counts (the floor of
`worker_events_per_s`), the worker, and the worker's own statements driven straight from a loop on one connection, with
their arguments as recorded (the floor of `worker_share_of_postgres`). Reported are the medians; CPU time is the
process's own and means something on a busy machine too. Then: two workers, all events of one member, and redemptions of
one reward.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from bench._statements import RecordingConnection, Statement, drive
from bench.common import report
from loyalty.clock import system_clock
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.redeeming import Redeemed
from loyalty.services.rulesets import Rulesets
from tests.support import databases, processes
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
)
from tests.support.servers import Servers, running
from tests.support.worker_rig import Rig, shuffled_within_members

BENCH = "worker"
BATCH_EVENTS = 500
SAMPLE_SECONDS = 0.1
WARM_UP_SHARE = 0.1
TWO_WORKERS_TIMES = 3
"""As many events: enough for the second to join while the first is at work."""
GC_THRESHOLD = 50_000
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
    """A moment of a run. idle_workers: those that have done nothing yet."""

    seconds: float
    events: float
    cpu_seconds: float
    idle_workers: int = 0


class Measured(NamedTuple):
    """A rate, and what it cost in the process itself."""

    events_per_second: float
    cpu_us_per_event: float


class Round(NamedTuple):
    """What was measured on the same events."""

    stock: Measured
    worker: Measured
    service: Measured
    statements: Measured


def main() -> None:
    """Prints the figures."""
    gc.set_threshold(GC_THRESHOLD)
    options = _options()
    with running() as servers:
        rounds = [_round(servers, options) for _ in range(options.rounds)]
        one = _report_rounds(rounds)
        two = _measured_workers(servers, options, workers=2, times=TWO_WORKERS_TIMES)
        report(BENCH, "two_workers_events_per_s", two.events_per_second, "events/s", one)
        hot = _measured_workers(servers, options, members=1)
        report(BENCH, "hot_member_events_per_s", hot.events_per_second, "events/s")
        reward = _measured_redemptions(servers, options)
        report(BENCH, "hot_reward_redemptions_per_s", reward.events_per_second, "redemptions/s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _report_rounds(rounds: Sequence[Round]) -> float:
    """The worker's rate."""

    def middle(pick: Callable[[Round], float]) -> float:
        return median(map(pick, rounds))

    rate = middle(lambda r: r.worker.events_per_second)
    statements = middle(lambda r: r.statements.events_per_second)
    report(BENCH, "worker_events_per_s", rate, "events/s", middle(lambda r: r.stock.events_per_second))
    report(
        BENCH,
        "worker_cpu_us_per_event",
        middle(lambda r: r.worker.cpu_us_per_event),
        "us",
        middle(lambda r: r.stock.cpu_us_per_event),
    )
    report(BENCH, "worker_share_of_postgres", rate, "events/s", statements)
    report(BENCH, "service_events_per_s", middle(lambda r: r.service.events_per_second), "events/s", statements)
    report(BENCH, "service_cpu_us_per_event", middle(lambda r: r.service.cpu_us_per_event), "us")
    return rate


def _round(servers: Servers, options: argparse.Namespace) -> Round:
    with _topics(servers) as rig, _database(servers) as url:
        events = asyncio.run(_fill(url, options.members, options.events))
        rig.send(events)
        with _copy(servers, url) as second, _copy(servers, url) as third:
            stock = _stock_faust(rig, options.events)
            worker = _worker(servers, url, rig, options.events)
            service, batches = asyncio.run(_record(second, events))
            statements = asyncio.run(_drive(third, batches, len(events)))
    return Round(stock, worker, service, statements)


def _measured_workers(
    servers: Servers, options: argparse.Namespace, *, workers: int = 1, members: int | None = None, times: int = 1
) -> Measured:
    with _topics(servers) as rig, _database(servers) as url:
        events = options.events * times
        rig.send(asyncio.run(_fill(url, members or options.members, events)))
        return _worker(servers, url, rig, events, workers=workers)


def _measured_redemptions(servers: Servers, options: argparse.Namespace) -> Measured:
    """All want one reward, whose stock is counted down."""
    count = options.events // 4
    with _topics(servers) as rig, _database(servers) as url:
        rig.send(asyncio.run(_fill_redemptions(url, options.members, count)))
        return _worker(servers, url, rig, count, flow="redeeming")


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
    with _cloned(servers, template) as url:
        yield url


def _copy(servers: Servers, url: str) -> Any:
    return _cloned(servers, urlsplit(url).path.lstrip("/"))


@contextmanager
def _cloned(servers: Servers, template: str) -> Iterator[str]:
    url = databases.run_in_thread(databases.clone(servers.database_url, template))
    try:
        yield url
    finally:
        databases.run_in_thread(databases.drop(url, servers.database_url))


async def _fill(url: str, members: int, events: int) -> list[Recorded]:
    queues = []
    async with laurel_pool(url) as pool, pool.acquire() as conn:
        async with conn.transaction():
            await add_rule(conn, BASE_RULE)
            await add_rule(conn, DAIRY_RULE)
            merchant_id = await add_merchant(conn)
            for number in range(members):
                member_id = await add_member(conn)
                share = events // members + (number < events % members)
                ids = await add_transactions(conn, member_id, merchant_id, share)
                queues.append([recorded(member_id, transaction_id, items=ITEMS) for transaction_id in ids])
        await conn.execute("vacuum analyze")
    return shuffled_within_members(queues, seed=1)


async def _fill_redemptions(url: str, members: int, count: int) -> list[Redeemed]:
    events = []
    async with laurel_pool(url) as pool, pool.acquire() as conn:
        async with conn.transaction():
            reward_id = await add_reward(conn, 1, stock_remaining=count)
            member_ids = [await add_member(conn, points=count // members + 1) for _ in range(members)]
            for number in range(count):
                member_id = member_ids[number % members]
                redemption_id = await add_redemption(conn, member_id, reward_id, 1)
                events.append(redeemed(member_id, redemption_id, reward_id, 1))
        await conn.execute("vacuum analyze")
    return events


def _worker(servers: Servers, url: str, rig: Rig, events: int, *, workers: int = 1, flow: str = "earning") -> Measured:
    environment = rig.environment | {
        "LAUREL_DATABASE_URL": url,
        "LAUREL_REDIS_URL": servers.redis_url,
        "LAUREL_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        pids_and_logs = []
        for number in range(workers):
            log = Path(folder) / f"{number}.log"
            process = processes.start(("worker",), environment, log)
            started.callback(processes.end, process)
            pids_and_logs.append((process.pid, log))
        return _measured(_samples(pids_and_logs, events, flow))


def _samples(pids_and_logs: Sequence[tuple[int, Path]], events: int, flow: str) -> Iterator[Sample]:
    """What the workers tell of themselves, until all events are done."""
    done = 0.0
    while done < events:
        time.sleep(SAMPLE_SECONDS)
        of_each = [_events_done(log, flow) for _, log in pids_and_logs]
        done = sum(of_each)
        cpu_seconds = sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid, _ in pids_and_logs)
        yield Sample(time.perf_counter(), done, cpu_seconds, of_each.count(0))


def _events_done(log: Path, flow: str) -> float:
    port = re.search(r"port=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", log.read_text() if log.exists() else ""))
    if port is None:
        return 0.0
    with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/metrics") as answer:
        found = re.search(rf'worker_events_total{{flow="{flow}"}} (\S+)', answer.read().decode())
    return float(found[1]) if found else 0.0


def _measured(samples: Iterator[Sample]) -> Measured:
    """From the first sample that has a tenth of the events, and every worker at work, to the last.

    Two workers begin with a rebalance, for which both stand still: that is not their rate. Raises ValueError when one
    had nothing to do until all was done.
    """
    taken = list(samples)
    begun = [s for s in taken[:-1] if s.events >= taken[-1].events * WARM_UP_SHARE and not s.idle_workers]
    if not begun:
        raise ValueError("too few events: a worker had nothing to do")
    start = begun[0]
    return _between(start, taken[-1])


def _between(start: Sample, end: Sample) -> Measured:
    events = end.events - start.events
    return Measured(events / (end.seconds - start.seconds), (end.cpu_seconds - start.cpu_seconds) / events * 1e6)


def _stock_faust(rig: Rig, events: int) -> Measured:
    module = [sys.executable, "-P", "-m", "bench._stock_faust"]
    command = [*module, rig.bootstrap, f"{rig.prefix}transaction.recorded", str(events)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return Measured(*map(float, done.stdout.split()[-2:]))


async def _record(url: str, events: Sequence[Recorded]) -> tuple[Measured, list[list[Statement]]]:
    """The service alone on one connection, without Kafka, and the statements that it made of each batch."""
    batches = []
    async with laurel_pool(url) as pool, pool.acquire() as conn:
        rulesets = Rulesets()
        start = Sample(time.perf_counter(), 0, time.process_time())
        for first in range(0, len(events), BATCH_EVENTS):
            recording: Any = RecordingConnection(conn)
            async with conn.transaction():
                await award_transactions(recording, events[first : first + BATCH_EVENTS], system_clock, rulesets)
            batches.append(recording.statements)
        return _between(start, Sample(time.perf_counter(), len(events), time.process_time())), batches


async def _drive(url: str, batches: Sequence[Sequence[Statement]], events: int) -> Measured:
    async with laurel_pool(url) as pool, pool.acquire() as conn:
        start = Sample(time.perf_counter(), 0, time.process_time())
        await drive(conn, batches)
        return _between(start, Sample(time.perf_counter(), events, time.process_time()))


if __name__ == "__main__":
    main()

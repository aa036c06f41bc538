"""Ten thousand event streams on one Customer API process, and how soon a change reaches its member.

    python -m bench.sse [--streams N] [--purchases-per-second N] [--seconds N] [--idle-seconds N]

The whole path is real: purchases go to the same Customer API process that holds the streams, through the outbox, the
relay, Kafka and the worker; the worker's commit rings the bell, the API looks and pushes. Each stream is of another
member. A push is timed from the commit of the award, as PostgreSQL wrote it down (track_commit_timestamp, set before
the commit waits for the disk), to the arrival of `transaction.awarded` at the client. Servers of its own are started,
since that setting needs a restart. Memory is the API process's (RSS), the kernel's socket buffers not included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import uvloop

from api.kit.tokens import mint_access_token
from bench._load import Load, Send, at_rate
from bench._streams import Heard, Stream, listen
from bench.common import report
from loyalty.clock import new_id
from tests.support import databases
from tests.support.own_servers import OwnServers, own_servers
from tests.support.rows import BASE_RULE, NOON, add_merchant, add_rule, laurel_pool
from tests.support.servers import Servers
from tests.support.system import System, free_ports, own_environment, own_topics
from tests.support.waiting import eventually

BENCH = "sse"
PROCESSES = ("customer-api-1", "relay", "worker")
POSTING_CONNECTIONS = 32
SPARE_FILES = 500
TOKEN_SECONDS = 86_400
ARRIVAL_SECONDS = 60
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """How the API process stood at a moment."""

    memory_mib: float
    cpu_seconds: float
    at: float


def main() -> None:
    """Prints the figures."""
    options = _options()
    _raise_open_files(options.streams + SPARE_FILES)
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder:
        asyncio.run(_on_own_servers(Path(folder), options))


async def _on_own_servers(folder: Path, options: argparse.Namespace) -> None:
    async with own_servers(folder) as servers:
        await _let_commits_be_timed(servers)
        named = {name: servers.variables[f"LAUREL_{name}"] for name in ("DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP")}
        given = Servers(*named.values())
        template = await databases.ensure_template(given.database_url)
        with own_environment(given, template) as environment:
            members, merchant = await _fill(environment["LAUREL_DATABASE_URL"], options.streams)
            with _processes({**environment, "LAUREL_RATE_LIMIT_PER_MINUTE": "1000000"}, folder) as system:
                await asyncio.to_thread(system.until_ready)
                # uvloop does not start processes as other users, as the servers need it
                await asyncio.to_thread(uvloop.run, _measure(system, members, merchant, options))


async def _let_commits_be_timed(servers: OwnServers) -> None:
    with (servers.home.data / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("track_commit_timestamp = on\n")
    async with servers.without("postgres"):
        pass


@contextmanager
def _processes(environment: dict[str, str], folder: Path) -> Iterator[System]:
    system = System(environment, folder, dict(zip(PROCESSES, free_ports(len(PROCESSES)), strict=True)))
    with own_topics(system):
        try:
            for name in PROCESSES:
                system.start(name)
            yield system
        finally:
            system.end()


async def _fill(database_url: str, members: int) -> tuple[list[UUID], UUID]:
    ids = [new_id() for _ in range(members)]
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        await conn.execute(
            "insert into member (id, created_at) select id, $2 from unnest($1::uuid[]) t (id)", ids, NOON
        )
        await conn.execute(
            "insert into wallet (member_id, updated_at) select id, $2 from unnest($1::uuid[]) t (id)", ids, NOON
        )
        await add_rule(conn, BASE_RULE)
        return ids, await add_merchant(conn)


async def _measure(system: System, members: Sequence[UUID], merchant: UUID, options: argparse.Namespace) -> None:
    port, pid = system.ports["customer-api-1"], system.processes["customer-api-1"].pid
    tokens = [mint_access_token(system.settings.signing_key, m, "customer", seconds=TOKEN_SECONDS) for m in members]
    alone, heard = _look_at(pid), Heard()
    streams = await listen(port, tokens, heard)
    await eventually(lambda: heard.greeted == len(members), ARRIVAL_SECONDS)
    connected = _look_at(pid)
    _tell_memory("alone", alone)
    report(BENCH, "connecting_cpu", (connected.cpu_seconds - alone.cpu_seconds) / len(members) * 1e6, "us/stream")
    await asyncio.sleep(options.idle_seconds)
    idle = _look_at(pid)
    _tell_memory(f"with_{len(members)}_streams", idle)
    report(BENCH, "stream_memory", (idle.memory_mib - alone.memory_mib) * 1024 / len(members), "KiB")
    report(BENCH, "idle_cpu", _cpu_share(connected, idle), "percent of a core")
    await _push(system, tokens, merchant, heard, options)
    _end(streams)


async def _push(
    system: System, tokens: Sequence[str], merchant: UUID, heard: Heard, options: argparse.Namespace
) -> None:
    port, pid = system.ports["customer-api-1"], system.processes["customer-api-1"].pid
    rate, url = options.purchases_per_second, system.environment["LAUREL_DATABASE_URL"]
    await at_rate(port, _posts(tokens, merchant), per_second=rate, connections=POSTING_CONNECTIONS, seconds=3)
    before = _look_at(pid)
    load = await at_rate(
        port, _posts(tokens, merchant), per_second=rate, connections=POSTING_CONNECTIONS, seconds=options.seconds
    )
    after = _look_at(pid)
    purchases = 3 * rate + len(load.latencies_ms)
    await eventually(lambda: len(heard.awards) >= purchases, ARRIVAL_SECONDS)
    _tell_memory(f"at_{rate}_purchases_per_s", after)
    report(BENCH, f"cpu_at_{rate}_purchases_per_s", _cpu_share(before, after), "percent of a core")
    _tell_pushes(rate, await _delays_ms(url, heard, since=before.at), load)
    report(BENCH, "streams_lost", heard.lost, "streams")


async def _delays_ms(database_url: str, heard: Heard, since: float) -> dict[str, list[float]]:
    """From the award's commit, and from the purchase's, to the member: milliseconds, of purchases since then."""
    async with laurel_pool(database_url) as pool:
        rows = await pool.fetch(
            """select t.id::text, extract(epoch from pg_xact_commit_timestamp(a.xmin))::float as awarded,
                 extract(epoch from pg_xact_commit_timestamp(t.xmin))::float as recorded
               from award a join transaction t on t.id = a.transaction_id"""
        )
    lately = [row for row in rows if row["recorded"] >= since]
    return {what: [(heard.awards[row["id"]] - row[what]) * 1000 for row in lately] for what in ("awarded", "recorded")}


def _tell_pushes(rate: int, delays_ms: dict[str, list[float]], load: Load) -> None:
    names = {"awarded": "push_after_the_awards_commit", "recorded": "push_after_the_purchases_commit"}
    for what, name in names.items():
        for percent in (50, 99):
            value = statistics.quantiles(delays_ms[what], n=100)[percent - 1]
            report(BENCH, f"{name}_p{percent}_at_{rate}_per_s", value, "ms")
        report(BENCH, f"{name}_longest_at_{rate}_per_s", max(delays_ms[what]), "ms")
    report(BENCH, f"post_transaction_p99_at_{rate}_per_s", load.quantile(99), "ms")


def _posts(tokens: Sequence[str], merchant: UUID) -> Send:
    body = json.dumps({"amount": "12.34", "currency": "GBP", "merchant_id": str(merchant)})
    run, chosen = secrets.token_hex(8), secrets.SystemRandom()

    def send(number: int) -> bytes:
        return (
            "POST /api/customer/transaction HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {chosen.choice(tokens)}\r\nIdempotency-Key: {run}-{number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    return send


def _look_at(pid: int) -> Measured:
    process = psutil.Process(pid)
    times = process.cpu_times()
    return Measured(process.memory_info().rss / MIB, times.user + times.system, time.time())


def _tell_memory(when: str, measured: Measured) -> None:
    report(BENCH, f"memory_{when}", measured.memory_mib, "MiB")


def _cpu_share(before: Measured, after: Measured) -> float:
    return (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at) * 100


def _end(streams: Sequence[Stream]) -> None:
    for stream in streams:
        stream.close()


def _raise_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        raise SystemExit(f"{wanted} open files are needed, and this user may have {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--purchases-per-second", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--idle-seconds", type=float, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""POST /transaction and GET /points a second of one Customer API process, each beside a bare Sanic handler.

    python -m bench.http [--seconds N] [--connections N]

The floor of the POST is a handler that does the same two inserts by asyncpg in one transaction and checks nothing; the
floor of the GET is one that does one SELECT. Both servers run at the same time, on the same database, and are asked in
turns: what disturbs one disturbs the other. How much they do is measured with every connection always asking; how long
they take at given rates with an open load (bench/_load.py). CPU time means something on a busy machine too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

import psutil
import uvloop

from api.kit.tokens import mint_access_token
from bench._bare_sanic import POOL_SIZE
from bench._load import Load, Send, at_rate, saturate
from bench.common import report
from tests.support import databases, processes
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.rows import add_member, add_merchant, laurel_pool
from tests.support.servers import Servers, running
from tests.support.waiting import eventually

BENCH = "http"
MEMBERS = 200
TURNS = 3
SHARES_OF_FLOOR_PERCENT = (20, 40, 60)


class Server(NamedTuple):
    """A process that answers, and what it is asked."""

    pid: int
    port: int


class Asked(NamedTuple):
    """What a turn did, and the CPU time that the server's process spent on a request."""

    load: Load
    cpu_us: float


def main() -> None:
    """Prints the figures."""
    options = _options()
    with running() as servers, _database(servers) as database_url:
        uvloop.run(_measure(servers, database_url, options))


async def _measure(servers: Servers, database_url: str, options: argparse.Namespace) -> None:
    members, merchant = await _fill(database_url)
    with _servers(servers, database_url, (str(members[0]), str(merchant))) as (api, floor):
        for server in (api, floor):
            await eventually(partial(_listens, server.port), timeout_seconds=30)
        tokens = [mint_access_token(SIGNING_KEY, member, "customer", seconds=3600) for member in members]
        await _compare("post_transaction", (api, _posts(tokens, merchant)), (floor, _plain("POST", "/post")), options)
        await _compare("get_points", (api, _gets(tokens)), (floor, _plain("GET", "/get")), options)


async def _compare(
    figure: str, ours: tuple[Server, Send], bare: tuple[Server, Send], options: argparse.Namespace
) -> None:
    turns = [[await _ask(server, send, options) for server, send in (ours, bare)] for _ in range(TURNS + 1)]
    del turns[0]  # it warms both up

    def middle(pick: Callable[[Asked], float]) -> tuple[float, float]:
        mine, theirs = (median(pick(turn[side]) for turn in turns) for side in (0, 1))
        return mine, theirs

    rate, floor_rate = middle(lambda asked: asked.load.per_second)
    report(BENCH, f"{figure}_per_s", rate, "requests/s", floor_rate)
    mine, theirs = middle(lambda asked: asked.cpu_us)
    report(BENCH, f"{figure}_cpu", mine, "us", theirs)
    report(BENCH, f"{figure}_generator_cpu", middle(lambda asked: asked.load.generator_cpu_us)[0], "us")
    for percent in SHARES_OF_FLOOR_PERCENT:
        await _tell_latencies(figure, ours, bare, floor_rate * percent / 100, options)


async def _ask(server: Server, send: Send, options: argparse.Namespace) -> Asked:
    before = _cpu_seconds(server)
    load = await saturate(server.port, send, connections=options.connections, seconds=options.seconds)
    return Asked(load, (_cpu_seconds(server) - before) / len(load.latencies_ms) * 1e6)


async def _tell_latencies(
    figure: str, ours: tuple[Server, Send], bare: tuple[Server, Send], rate: float, options: argparse.Namespace
) -> None:
    loads = [
        await at_rate(server.port, send, per_second=rate, connections=options.connections, seconds=options.seconds)
        for server, send in (ours, bare)
    ]
    for percent in (50, 99):
        mine, theirs = (load.quantile(percent) for load in loads)
        report(BENCH, f"{figure}_p{percent}_at_{rate:.0f}_per_s", mine, "ms", theirs)


def _cpu_seconds(server: Server) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return times.user + times.system


def _posts(tokens: Sequence[str], merchant: UUID) -> Send:
    body = json.dumps({"amount": "12.34", "currency": "GBP", "merchant_id": str(merchant)}).encode()
    path, run = "/api/customer/transaction", secrets.token_hex(8)

    def send(number: int) -> bytes:
        extra = f"Idempotency-Key: {run}-{time.time_ns()}-{number}\r\nContent-Type: application/json\r\n"
        return _request("POST", path, tokens[number % len(tokens)], extra, body)

    return send


def _gets(tokens: Sequence[str]) -> Send:
    requests = [_request("GET", "/api/customer/points", token) for token in tokens]
    return lambda number: requests[number % len(requests)]


def _plain(method: str, path: str) -> Send:
    request = _request(method, path, "none", body=b"{}" if method == "POST" else b"")
    return lambda _: request


def _request(method: str, path: str, token: str, extra: str = "", body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{extra}{length}\r\n".encode()
        + body
    )


@contextmanager
def _servers(servers: Servers, database_url: str, floor_rows: tuple[str, str]) -> Iterator[tuple[Server, Server]]:
    api, floor = free_port(), free_port()
    own = {
        "LAUREL_DATABASE_URL": database_url,
        "LAUREL_REDIS_URL": servers.redis_url,
        "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
        "LAUREL_CUSTOMER_API_PORT": str(api),
        "LAUREL_TRANSACTION_TRUST": "open",
        "LAUREL_RATE_LIMIT_PER_MINUTE": "100000000",
        "LAUREL_DATABASE_POOL_SIZE": str(POOL_SIZE),
        "LAUREL_LOG_LEVEL": "warning",
    }
    with tempfile.TemporaryDirectory() as folder:
        ours = processes.start(("customer-api",), own, Path(folder) / "api.log")
        bare = subprocess.Popen(
            [sys.executable, "-m", "bench._bare_sanic", str(floor), *floor_rows],
            env={**os.environ, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Server(ours.pid, api), Server(bare.pid, floor)
        finally:
            processes.end(ours)
            bare.terminate()
            bare.wait()


async def _fill(database_url: str) -> tuple[list[UUID], UUID]:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        return [await add_member(conn) for _ in range(MEMBERS)], await add_merchant(conn)


@contextmanager
def _database(servers: Servers) -> Iterator[str]:
    template = databases.run_in_thread(databases.ensure_template(servers.database_url))
    url = databases.run_in_thread(databases.clone(servers.database_url, template))
    try:
        yield url
    finally:
        databases.run_in_thread(databases.drop(url, servers.database_url))


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--connections", type=int, default=16)
    return parser.parse_args()


if __name__ == "__main__":
    main()

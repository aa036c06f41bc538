"""POST /transaction and GET /points a second of one Customer API process, each beside a bare Sanic handler.

    python -m bench.http [--seconds N] [--connections N]

The floor of the POST is a handler that does the same two inserts by asyncpg in one transaction and checks nothing; the
floor of the GET is one that does one SELECT. Both servers run at the same time, on the same database, and are asked in
turns: what disturbs one disturbs the other. The load is closed: `connections` callers that ask again once answered.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

from api.kit.tokens import mint_access_token
from bench.common import report
from loyalty.clock import new_id, system_clock
from loyalty.store.database import open_pool
from tests.support import databases, processes
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.rows import add_member, add_merchant, laurel_pool
from tests.support.servers import Servers, running
from tests.support.waiting import eventually

BENCH = "http"
MEMBERS = 200
TURNS = 3
POOL_SIZE = 10

INSERT_TRANSACTION = """
insert into transaction (id, member_id, merchant_id, occurred_at, recorded_at, amount_minor, currency, items,
  content_hash) values ($1, $2, $3, $4, $4, 1234, 'GBP', '[]', '\\x00')"""
INSERT_EVENT = """
insert into outbox (event_id, topic, key, payload, source, occurred_at)
values ($1, 'transaction.recorded', $2, $3, '/laurel', $4)"""
SELECT_WALLET = "select available, pending, held, version from wallet where member_id = $1"

Send = Callable[[int], bytes]
"""The bytes of the n-th request."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a turn measured."""

    per_second: float
    latencies_ms: Sequence[float]


def main() -> None:
    """Prints the figures."""
    options = _options()
    if options.floor:
        _serve_floor(options.floor)
        return
    with running() as servers, _database(servers) as database_url:
        asyncio.run(_measure(servers, database_url, options))


async def _measure(servers: Servers, database_url: str, options: argparse.Namespace) -> None:
    members, merchant = await _fill(database_url)
    with _servers(servers, database_url, f"{members[0]},{merchant}") as (api, floor):
        for port in (api, floor):
            await eventually(partial(_listens, port), timeout_seconds=30)
        tokens = [mint_access_token(SIGNING_KEY, member, "customer", seconds=3600) for member in members]
        posts = _posts(tokens, merchant)
        await _compare("post_transaction", (api, posts), (floor, _plain("POST", "/post")), options)
        await _compare("get_points", (api, _gets(tokens)), (floor, _plain("GET", "/get")), options)


async def _compare(figure: str, ours: tuple[int, Send], bare: tuple[int, Send], options: argparse.Namespace) -> None:
    turns: list[tuple[Load, Load]] = []
    for number in range(TURNS + 1):
        loads = [await _load(port, send, options) for port, send in (ours, bare)]
        if number:  # the first turn warms both up
            turns.append((loads[0], loads[1]))
    value, floor = (statistics.median(turn[side].per_second for turn in turns) for side in (0, 1))
    report(BENCH, f"{figure}_per_s", value, "requests/s", floor)
    for quantile in (50, 99):
        mine, theirs = (
            _quantile([ms for turn in turns for ms in turn[side].latencies_ms], quantile) for side in (0, 1)
        )
        report(BENCH, f"{figure}_p{quantile}", mine, "ms", theirs)


async def _load(port: int, send: Send, options: argparse.Namespace) -> Load:
    numbers = itertools.count()
    latencies: list[float] = []
    ends = time.perf_counter() + options.seconds

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (asked := time.perf_counter()) < ends:
            writer.write(send(next(numbers)))
            await _read_answer(reader)
            latencies.append((time.perf_counter() - asked) * 1000)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(options.connections)])
    return Load(len(latencies) / (time.perf_counter() - begun), latencies)


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(f"an answer that was not expected: {head.splitlines()[0].decode()}")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]))


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


def _serve_floor(arguments: str) -> None:
    port, member_text, merchant_text = arguments.split(",")
    member, merchant = UUID(member_text), UUID(merchant_text)
    app: Sanic = Sanic("floor", configure_logging=False)  # type: ignore[type-arg]

    @app.before_server_start
    async def open_database(app: Sanic) -> None:  # type: ignore[type-arg]
        app.ctx.pool = await open_pool(os.environ["LAUREL_DATABASE_URL"], size=POOL_SIZE, name="floor")

    @app.post("/post")
    async def post(request: Request) -> HTTPResponse:
        transaction_id, at = new_id(), system_clock()
        async with request.app.ctx.pool.acquire() as conn, conn.transaction():
            await conn.execute(INSERT_TRANSACTION, transaction_id, member, merchant, at)
            await conn.execute(INSERT_EVENT, transaction_id, str(member), b'{"schema_version":1}', at)
        return raw(b'{"status":"recorded"}', 201, content_type="application/json")

    @app.get("/get")
    async def get(request: Request) -> HTTPResponse:
        async with request.app.ctx.pool.acquire() as conn:
            row = await conn.fetchrow(SELECT_WALLET, member)
        return raw(json.dumps(dict(row)).encode(), 200, content_type="application/json")

    app.run("127.0.0.1", int(port), single_process=True, motd=False, access_log=False)


@contextmanager
def _servers(servers: Servers, database_url: str, floor_rows: str) -> Iterator[tuple[int, int]]:
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
            [sys.executable, "-m", "bench.http", "--floor", f"{floor},{floor_rows}"],
            env={**os.environ, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield api, floor
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


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

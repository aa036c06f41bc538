"""A Customer API process and a bare Sanic handler on one database, and what both are asked."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psutil

from bench._bare_sanic import POOL_SIZE
from bench._load import Load, Send, saturate
from tests.support import databases, processes
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.servers import Servers
from tests.support.waiting import eventually


class Server(NamedTuple):
    """A process that answers, and what it is asked."""

    pid: int
    port: int


class Asked(NamedTuple):
    """What a turn did, and the CPU time that the server's process spent on a request."""

    load: Load
    cpu_us: float


async def ask(server: Server, send: Send, *, connections: int, seconds: float) -> Asked:
    """As much as the server takes."""
    before = _cpu_seconds(server)
    load = await saturate(server.port, send, connections=connections, seconds=seconds)
    return Asked(load, (_cpu_seconds(server) - before) / len(load.latencies_ms) * 1e6)


def _cpu_seconds(server: Server) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return times.user + times.system


def posts(tokens: Sequence[str], merchant: UUID) -> Send:
    """A new purchase of each member in turn."""
    body = json.dumps({"amount": "12.34", "currency": "GBP", "merchant_id": str(merchant)}).encode()
    path, run = "/api/customer/transaction", secrets.token_hex(8)

    def send(number: int) -> bytes:
        extra = f"Idempotency-Key: {run}-{time.time_ns()}-{number}\r\nContent-Type: application/json\r\n"
        return _request("POST", path, tokens[number % len(tokens)], extra, body)

    return send


def gets(tokens: Sequence[str], path: str = "/points") -> Send:
    """A GET of the Customer API for each member in turn."""
    requests = [_request("GET", f"/api/customer{path}", token) for token in tokens]
    return lambda number: requests[number % len(requests)]


def plain(method: str, path: str) -> Send:
    """The same request of the bare handler again and again."""
    request = _request(method, path, "none", body=b"{}" if method == "POST" else b"")
    return lambda _: request


def _request(method: str, path: str, token: str, extra: str = "", body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{extra}{length}\r\n".encode()
        + body
    )


@contextmanager
def both_servers(servers: Servers, database_url: str, floor_rows: tuple[str, str]) -> Iterator[tuple[Server, Server]]:
    """Customer API and floor, both listening. `floor_rows` are the member and merchant that the floor writes of."""
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
            for port in (api, floor):
                databases.run_in_thread(eventually(partial(_listens, port), timeout_seconds=30))
            yield Server(ours.pid, api), Server(bare.pid, floor)
        finally:
            processes.end(ours)
            bare.terminate()
            bare.wait()


@contextmanager
def database(servers: Servers) -> Iterator[str]:
    """The URL of a database with the migrations applied, gone afterwards."""
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

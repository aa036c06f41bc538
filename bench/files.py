"""Files in and out of the Admin API: lines a second, and what the process needs for them.

    python -m bench.files [--lines N]

A real `laurel admin-api` process takes N purchases of 1,000 members as JSON lines, takes them again, and gives them
back as CSV. Memory is the process's peak over what it had at rest: it must not grow with the file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import psutil

from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from bench.common import report
from loyalty.clock import system_clock
from loyalty.services.auditing import Actor
from loyalty.services.merchants import create_merchant, issue_key
from schemas.admin.merchants import NewMerchant, NewMerchantKey
from tests.support import databases, processes
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.rows import laurel_pool
from tests.support.servers import Servers, redis_database, running

BENCH = "files"
MEMBERS = 1_000
LINES_A_CHUNK = 500
WAIT_SECONDS = 30.0
ROUTE = "/api/admin/transactions"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000)
    options = parser.parse_args()
    with running() as servers, redis_database(servers.redis_url) as redis_url:
        asyncio.run(_measure(servers, redis_url, options.lines))


async def _measure(servers: Servers, redis_url: str, lines: int) -> None:
    url = await databases.clone(servers.database_url, await databases.ensure_template(servers.database_url))
    try:
        key, viewer = await _prepare(url)
        with _admin_api(url, redis_url) as (api, process):
            await _until_ready(api)
            for figure in ("import_lines_per_s", "import_again_lines_per_s"):
                await _timed(figure, process, lines, _send(api, key, lines))
            await _timed("export_rows_per_s", process, lines, _fetch(api, viewer))
    finally:
        await databases.drop(url, servers.database_url)


async def _prepare(url: str) -> tuple[str, str]:
    """A merchant's key, and an administrator's token."""
    async with laurel_pool(url) as pool, pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "insert into member (id, external_id, created_at) select uuidv7(), 'card-' || n, now() "
            "from generate_series(1, $1::int) n",
            MEMBERS,
        )
        await conn.execute("insert into wallet (member_id, updated_at) select id, now() from member")
        admin_id = await conn.fetchval(
            "insert into admin (id, email, name, role, password_hash, created_at) "
            "values (uuidv7(), 'a@b.example', 'A', 'viewer', '!', now()) returning id"
        )
        actor = Actor("system", "bench")
        merchant = await create_merchant(conn, NewMerchant(name="Shop"), actor, system_clock)
        scopes = NewMerchantKey(scopes=["transactions:write"])
        key = await issue_key(conn, merchant.merchant_id, scopes, actor, system_clock)
    return key.secret, mint_access_token(SIGNING_KEY, admin_id, "admin", seconds=3600, role=Role.VIEWER)


@contextmanager
def _admin_api(url: str, redis_url: str) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    environment = {
        "LAUREL_DATABASE_URL": url,
        "LAUREL_REDIS_URL": redis_url,
        "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
        "LAUREL_ADMIN_API_PORT": str(port),
    }
    with tempfile.TemporaryDirectory() as folder:
        started = processes.start(("admin-api",), environment, Path(folder) / "log")
        try:
            yield f"http://127.0.0.1:{port}", psutil.Process(started.pid)
        finally:
            processes.end(started)


async def _until_ready(api: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            try:
                async with http.get(api + "/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError(f"the Admin API is not ready after {WAIT_SECONDS} s")


async def _timed(figure: str, process: psutil.Process, lines: int, work: Awaitable[int]) -> None:
    rest_bytes, cpu, started = process.memory_info().rss, _cpu_seconds(process), time.monotonic()
    peak = [rest_bytes]
    watching = asyncio.create_task(_watch(process, peak))
    count = await work
    seconds = time.monotonic() - started
    watching.cancel()
    assert count == lines, f"{count} of {lines} lines"
    name, unit = figure.rpartition("_")[0].rpartition("_")[0], figure.split("_")[-3]
    report(BENCH, figure, lines / seconds, f"{unit}/s")
    report(BENCH, f"{name}_cpu_us", (_cpu_seconds(process) - cpu) / lines * 1e6, f"us/{unit[:-1]}")
    report(BENCH, f"{name}_memory_mb", (max(peak) - rest_bytes) / 1e6, "MB")


async def _watch(process: psutil.Process, seen: list[int]) -> None:
    while True:
        seen.append(process.memory_info().rss)
        await asyncio.sleep(0.1)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _send(api: str, key: str, lines: int) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    count = 0
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout()) as http,
        http.post(f"{api}{ROUTE}/import", data=_body(lines), headers=headers) as answer,
    ):
        async for line in answer.content:
            count += b'"status":"recorded"' in line or b'"status":"already_recorded"' in line
    return count


async def _fetch(api: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    count = -1
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout()) as http,
        http.get(api + ROUTE, headers=headers) as answer,
    ):
        async for _ in answer.content:
            count += 1
    return count


async def _body(lines: int) -> AsyncIterator[bytes]:
    for first in range(0, lines, LINES_A_CHUNK):
        numbers = range(first, min(first + LINES_A_CHUNK, lines))
        yield b"".join(json.dumps(_purchase(number)).encode() + b"\n" for number in numbers)


def _purchase(number: int) -> dict[str, object]:
    return {
        "member_external_id": f"card-{number % MEMBERS + 1}",
        "external_id": f"R-{number}",
        "occurred_at": "2026-03-01T12:00:00Z",
        "amount": "12.30",
        "currency": "GBP",
        "items": [{"sku": "tea", "category": "drinks", "quantity": 2, "amount": "12.30"}],
    }


if __name__ == "__main__":
    main()

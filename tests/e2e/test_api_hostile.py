"""An API under what no client should do: bytes that are no HTTP, requests that do not end, and a stop in full run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import psutil
import pytest

from api.kit.tokens import mint_access_token
from tests.conftest import StartLaurel
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.campaigns import seeded, sized, write_report
from tests.support.processes import LaurelProcess
from tests.support.rows import add_member, add_merchant, laurel_pool

Eventually = Callable[..., Any]

MESSAGES = sized(300, 20_000)
AT_ONCE = 40
SLOW_CONNECTIONS = 300
READY_SECONDS = 60
ANSWER_SECONDS = 0.3
REQUEST_SECONDS = 2.0
GROWTH_BYTES_LIMIT = 64 * 1024 * 1024
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")

TOKEN = mint_access_token(SIGNING_KEY, uuid4(), "customer", seconds=3_600)
BODY = b'{"amount":"12.34","currency":"GBP","merchant_id":"01890000-0000-7000-8000-000000000000"}'
WHOLE = (
    b"POST /api/customer/transaction HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer "
    + TOKEN.encode()
    + b"\r\n"
    b"Content-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: " + str(len(BODY)).encode() + b"\r\n\r\n"
)
CHUNKED = WHOLE.replace(b"Content-Length: " + str(len(BODY)).encode(), b"Transfer-Encoding: chunked")
GET = b"GET /api/customer/points HTTP/1.1\r\nHost: shop.example\r\n\r\n"
SEEDS = [
    WHOLE + BODY,
    WHOLE + BODY[:20],
    WHOLE[:60],
    GET * 30,
    GET + WHOLE + BODY + GET,
    CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    CHUNKED + b"ffffffffffffffff\r\nx",
    CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhel",
    WHOLE.replace(b"Content-Length: ", b"Content-Length: -") + BODY,
    WHOLE.replace(b"Content-Length: ", b"Content-Length: 9") + BODY,
    WHOLE.replace(b"Host:", b"Content-Length: 1\r\nHost:") + BODY,
    WHOLE.replace(b"Host:", b"Expect: 100-continue\r\nHost:") + BODY,
    GET.replace(b"Host:", b"X-Long: " + b"x" * 100_000 + b"\r\nHost:"),
    GET.replace(b"Host:", b"X-Many: y\r\n" * 3_000 + b"Host:"),
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /%00%ff%zz?\x00=\xff HTTP/1.1\r\nHost: \x00\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 40,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60,
    b"GET /api/customer/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"\r\n" * 500,
    b"\x00" * 5_000,
]


@dataclass(slots=True)
class Heard:
    """Statuses of all answers, and how many connections ended without one."""

    statuses: Counter[int] = field(default_factory=Counter)
    silent: int = 0


def mutated(rng: random.Random, message: bytes) -> bytes:
    """The message with bytes changed, doubled, cut or put in."""
    changed = bytearray(message)
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] = rng.randrange(256)
        elif kind == 1:
            changed[at:at] = rng.choice([b"\x00", b"\r", b"\n", b"\r\n\r\n", b" ", b":", b"\xff" * 9, b"%", b"\t"])
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            changed[at:at] = changed[max(0, at - 50) : at]
        else:
            changed = changed[: max(1, at)]
    return bytes(changed) or b"\x00"


@pytest.fixture
async def api(laurel_process: StartLaurel, eventually: Eventually) -> tuple[LaurelProcess, int]:
    return await _started(laurel_process, eventually, LAUREL_REQUEST_TIMEOUT_SECONDS=str(REQUEST_SECONDS))


async def _started(laurel_process: StartLaurel, eventually: Eventually, **more: str) -> tuple[LaurelProcess, int]:
    port = free_port()
    environment = {
        "LAUREL_CUSTOMER_API_PORT": str(port),
        "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
        "LAUREL_TRANSACTION_TRUST": "open",
        "LAUREL_RATE_LIMIT_PER_MINUTE": "10000000",
    }
    process = laurel_process("customer-api", **environment, **more)
    await eventually(lambda: _is_ready(process), READY_SECONDS)
    return process, port


@pytest.mark.slow
@pytest.mark.timeout(sized(120, 1_800))
async def test_bytes_that_are_no_http_leave_the_process_as_it_was(api: tuple[LaurelProcess, int]) -> None:
    process, port = api
    rng, heard = seeded("raw-http"), Heard()
    await _say_all(port, SEEDS, heard)
    before = psutil.Process(process.pid).memory_info().rss
    messages = [mutated(rng, rng.choice(SEEDS)) for _ in range(MESSAGES)]
    await _say_all(port, messages, heard)
    assert await _health(port) == 200
    grown = psutil.Process(process.pid).memory_info().rss - before
    answered = {str(status): count for status, count in sorted(heard.statuses.items())}
    write_report("raw-http", {"messages": MESSAGES, "answers": answered, "silent": heard.silent, "grown_bytes": grown})
    assert grown < GROWTH_BYTES_LIMIT
    assert [status for status in heard.statuses if status >= 500] == []
    assert heard.statuses[400]
    assert [line for line in process.log_text().splitlines() if _tells_of_a_bug(line)] == []


async def test_requests_that_never_end_are_ended_and_others_are_served(
    api: tuple[LaurelProcess, int], eventually: Eventually
) -> None:
    process, port = api
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SLOW_CONNECTIONS)]
    for number, (_, writer) in enumerate(slow):
        writer.write(WHOLE[: 40 + number % 60] if number % 2 else WHOLE + BODY[: number % 30])
    assert await _health(port) == 200
    async with asyncio.timeout(30):
        ends = await asyncio.gather(*[_drip(reader, writer) for reader, writer in slow])
    assert {status for status in ends if status} <= {400, 408, 503}
    assert await _health(port) == 200
    connections = await eventually(lambda: _open_connections(process) < SLOW_CONNECTIONS // 10, 20)
    assert connections


async def test_a_stop_in_full_run_drops_no_request(
    laurel_process: StartLaurel, eventually: Eventually, database_url: str
) -> None:
    """Asked to stop, it says so first: whoever stops sending then has had an answer to all that was sent."""
    process, port = await _started(laurel_process, eventually, LAUREL_STOP_DELAY_SECONDS="5")
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        member, merchant = await add_member(conn), await add_merchant(conn)
    body = {"amount": "1.00", "currency": "GBP", "merchant_id": str(merchant)}
    token = mint_access_token(SIGNING_KEY, member, "customer", seconds=600)
    said, ready = Counter[int](), asyncio.Event()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        url = f"http://127.0.0.1:{port}"
        buyers = [asyncio.create_task(_buy(session, url, body, said, ready)) for _ in range(16)]
        await eventually(lambda: said[201] > 50, READY_SECONDS)
        process.send(signal.SIGTERM)
        await eventually(lambda: _says_that_it_stops(session, url), 20)
        taken_while_stopping = said[201]
        await eventually(lambda: said[201] > taken_while_stopping, 20)
        ready.set()
        await asyncio.gather(*buyers)
    assert await asyncio.to_thread(process.popen.wait, 30) == 0
    assert set(said) == {201}, "a request was dropped or refused"
    async with laurel_pool(database_url) as pool:
        assert await pool.fetchval("select count(*) from transaction") == said[201]
    assert "Traceback" not in process.log_text()


async def _buy(
    session: aiohttp.ClientSession, url: str, body: dict[str, str], said: Counter[int], enough: asyncio.Event
) -> None:
    while not enough.is_set():
        headers = {"Idempotency-Key": str(uuid4())}
        async with session.post(f"{url}/api/customer/transaction", json=body, headers=headers) as answer:
            await answer.read()
            said[answer.status] += 1


async def _says_that_it_stops(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(f"{url}/health/ready") as answer:
        return answer.status == 503 and (await answer.json())["status"] == "stopping"


async def _say_all(port: int, messages: list[bytes], heard: Heard) -> None:
    waiting = iter(messages)

    async def speaker() -> None:
        for message in waiting:
            await _say(port, message, heard)

    await asyncio.gather(*[speaker() for _ in range(AT_ONCE)])


async def _say(port: int, message: bytes, heard: Heard) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write(message)
        if len(message) % 3 == 0 and writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await reader.read(65_536)
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    found = STATUS.findall(answer)
    heard.statuses.update(int(status) for status in found)
    heard.silent += not found


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Sends a byte now and then until the server has had enough; the status that it said, 0 if it said none."""
    answer = asyncio.ensure_future(reader.read())
    with contextlib.suppress(ConnectionError):
        while not (await asyncio.wait([answer], timeout=0.5))[0]:
            writer.write(b"x")
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    with contextlib.suppress(ConnectionError):
        if found := STATUS.search(await answer):
            return int(found[1])
    return 0


async def _health(port: int) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
        return answer.status


def _open_connections(process: LaurelProcess) -> int:
    return len([each for each in psutil.Process(process.pid).net_connections() if each.status == "ESTABLISHED"])


def _is_ready(process: LaurelProcess) -> bool:
    assert process.running(), process.log_text()
    return "api_ready" in process.log_text()


def _tells_of_a_bug(line: str) -> bool:
    return "Traceback" in line or (line.startswith("{") and json.loads(line)["level"] in ("error", "critical"))

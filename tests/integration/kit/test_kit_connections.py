"""A process has so many connections and no more, and those who look after it are answered all the same."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from api.customer.app import create_app
from api.kit.protocol import EXCESS_LIMIT
from tests.support.apis import serving, settings_for
from tests.support.waiting import eventually

LIMIT = 10
API, HEALTH = "/api/customer/points", "/health/live"


@dataclass(slots=True)
class Raw:
    """A connection that stays open until somebody ends it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, path: str) -> tuple[int, str, bytes]:
        """Status, the header Connection, body. Raises IncompleteReadError when there is no answer."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await self.reader.readexactly(int(fields["content-length"]))
        return int(head.split()[1]), fields["connection"], body


@pytest.fixture
async def open_connection(database_url: str, redis_url: str) -> AsyncIterator[object]:
    settings = settings_for(database_url, redis_url, api_connections_limit=LIMIT)
    async with contextlib.AsyncExitStack() as stack:
        port = urlsplit(await stack.enter_async_context(serving(create_app(settings)))).port
        opened: list[Raw] = []

        async def open_one() -> Raw:
            opened.append(Raw(*await asyncio.open_connection("127.0.0.1", port)))
            return opened[-1]

        yield open_one
        for each in opened:
            each.writer.close()


async def test_one_too_many_is_told_and_health_is_answered(open_connection: object) -> None:
    assert callable(open_connection)
    held = [await open_connection() for _ in range(LIMIT)]
    assert [(await each.ask(API))[:2] for each in held] == [(401, "keep-alive")] * LIMIT

    status, connection, body = await (await open_connection()).ask(API)
    assert (status, connection, json.loads(body)["code"]) == (503, "close", "unavailable")
    assert (await (await open_connection()).ask(HEALTH))[0] == 200
    assert (await held[0].ask(API))[0] == 401

    for each in held[:5]:
        each.writer.close()

    async def has_room_again() -> bool:
        return bool((await (await open_connection()).ask(API))[0] == 401)

    await eventually(has_room_again)


async def test_far_too_many_are_closed(open_connection: object) -> None:
    assert callable(open_connection)
    held = [await open_connection() for _ in range(LIMIT + EXCESS_LIMIT)]
    assert (await held[-1].ask(HEALTH))[0] == 200
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await (await open_connection()).ask(HEALTH)
    assert (await held[0].ask(API))[0] == 401

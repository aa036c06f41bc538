"""Listens to many event streams from one thread, and notes when each event came."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CONNECTING_AT_ONCE = 100
HEAD = b"HTTP/1.1 200 "
EVENT_END = b"\n\n"
STATE = b"event: points.changed"
AWARD = re.compile(rb"event: transaction\.awarded\r?\ndata: \{\"transaction_id\":\"([0-9a-f-]{36})\"")


@dataclass(slots=True)
class Heard:
    """What all streams heard: when each awarded purchase came (seconds since 1970), and how many had a first event."""

    awards: dict[str, float] = field(default_factory=dict)
    greeted: int = 0
    lost: int = 0


async def listen(port: int, tokens: Sequence[str], heard: Heard) -> list[Stream]:
    """Opens a stream for each token, some at a time. Raises RuntimeError when one is refused."""
    free = asyncio.Semaphore(CONNECTING_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def opened(token: str) -> Stream:
        async with free:
            _, stream = await loop.create_connection(lambda: Stream(token, heard), "127.0.0.1", port)
            await stream.begun
            return stream

    return await asyncio.gather(*(opened(token) for token in tokens))


class Stream(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_greeted", "_heard", "_received", "_token", "_transport", "begun")

    def __init__(self, token: str, heard: Heard) -> None:
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._token = token
        self._heard = heard
        self._received = b""
        self._greeted = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        request = f"GET /api/customer/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        self._transport.write(request.encode())

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._received += data
        if not self.begun.done():
            self._begin()
        events, end, rest = self._received.rpartition(EVENT_END)
        if end:
            self._received = rest
            self._note(events, now)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(RuntimeError("a stream was refused"))
        self._heard.lost += 1

    def close(self) -> None:
        self._transport.abort()

    def _begin(self) -> None:
        if self._received.startswith(HEAD):
            self.begun.set_result(None)
        elif len(self._received) >= len(HEAD):
            self.begun.set_exception(RuntimeError(f"a stream was refused: {self._received[:300]!r}"))

    def _note(self, events: bytes, now: float) -> None:
        if not self._greeted and STATE in events:
            self._greeted = True
            self._heard.greeted += 1
        for transaction_id in AWARD.findall(events):
            self._heard.awards[transaction_id.decode()] = now

"""A load of HTTP requests from one thread, told in latencies that leave nothing out.

`at_rate` is open: request n is due n/rate seconds after the start whatever has become of those before, waits for a free
connection if there is none, and its latency counts from when it was due. A server that stalls is thus seen by every
request that was due meanwhile, and not by the few that were under way ("coordinated omission", Gil Tene). `saturate` is
closed: each connection asks again once it is answered, which finds how much a server does at most.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

Send = Callable[[int], bytes]
"""The bytes of the n-th request."""

PATIENCE_SECONDS = 30.0
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """What became of a load. Latencies in milliseconds; the generator's own CPU in seconds."""

    seconds: float
    latencies_ms: Sequence[float]
    generator_cpu_seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies_ms) / self.seconds

    @property
    def generator_cpu_us(self) -> float:
        """Of the generator, a request."""
        return self.generator_cpu_seconds / len(self.latencies_ms) * 1e6

    def quantile(self, percent: int) -> float:
        """The latency that `percent` of the requests did not exceed."""
        return statistics.quantiles(self.latencies_ms, n=100)[percent - 1]


async def saturate(port: int, send: Send, *, connections: int, seconds: float) -> Load:
    """As much as the server takes. Raises RuntimeError for an answer that is not a 2xx, or none."""
    async with _generator(port, send, connections, again_for_seconds=seconds) as generator:
        for _ in range(connections):
            generator.ask(time.perf_counter())
        return await generator.load()


async def at_rate(port: int, send: Send, *, per_second: float, connections: int, seconds: float) -> Load:
    """So many requests a second, whether they are answered or not. Raises RuntimeError as `saturate`."""
    async with _generator(port, send, connections) as generator:
        begun = time.perf_counter()
        for number in range(int(per_second * seconds)):
            due = begun + number / per_second
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            generator.ask(due)
        return await generator.load()


@asynccontextmanager
async def _generator(
    port: int, send: Send, connections: int, *, again_for_seconds: float = 0
) -> AsyncIterator[_Generator]:
    generator = _Generator(send, again_for_seconds)
    try:
        await generator.connect(port, connections)
        yield generator
    finally:
        generator.close()


class _Generator:
    """Gives the requests that are due to the connections that are free."""

    def __init__(self, send: Send, again_for_seconds: float) -> None:
        self._send = send
        self._again_for_seconds = again_for_seconds
        self._asked = 0
        self._due: deque[float] = deque()
        self._free: list[_Connection] = []
        self._busy = 0
        self._connections: list[_Connection] = []
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._all_asked = False
        self._latencies_ms: list[float] = []
        self._begun = self._begun_cpu = 0.0

    async def connect(self, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self._connections.append(connection)
        self._free.extend(self._connections)
        self._begun, self._begun_cpu = time.perf_counter(), time.process_time()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    async def load(self) -> Load:
        """What became of it, when every request that was due has its answer."""
        self._all_asked = True
        self._look_whether_done()
        async with asyncio.timeout(self._again_for_seconds + PATIENCE_SECONDS):
            await self._done
        seconds, cpu_seconds = time.perf_counter() - self._begun, time.process_time() - self._begun_cpu
        return Load(seconds, self._latencies_ms, cpu_seconds)

    def ask(self, due: float) -> None:
        """At once, if a connection is free."""
        if self._free:
            self._ask_on(self._free.pop(), due)
        else:
            self._due.append(due)

    def take_answer(self, connection: _Connection, due: float) -> None:
        """The connection is free again."""
        now = time.perf_counter()
        self._busy -= 1
        self._latencies_ms.append((now - due) * 1000)
        if now - self._begun < self._again_for_seconds:
            self._ask_on(connection, now)
        elif self._due:
            self._ask_on(connection, self._due.popleft())
        else:
            self._free.append(connection)
            self._look_whether_done()

    def fail(self, why: str) -> None:
        """There is nothing to measure any more."""
        if not self._done.done():
            self._done.set_exception(RuntimeError(why))

    def _ask_on(self, connection: _Connection, due: float) -> None:
        self._busy += 1
        connection.ask(self._send(self._asked), due)
        self._asked += 1

    def _look_whether_done(self) -> None:
        if self._all_asked and not self._busy and not self._due and not self._done.done():
            self._done.set_result(None)


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, generator: _Generator) -> None:
        self._generator = generator
        self._transport: Any = None
        self._received = b""
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due is not None:
            self._generator.fail("a connection was closed before its answer")

    def close(self) -> None:
        self._due = None
        self._transport.close()

    def ask(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        head_length = received.find(HEAD_END)
        if head_length < 0 or self._due is None:
            return
        if not received.startswith(b"HTTP/1.1 20"):
            self._generator.fail(f"an answer that was not expected: {received[:400]!r}")
            return
        stated = LENGTH.search(received, 0, head_length)
        if stated and len(received) >= head_length + len(HEAD_END) + int(stated[1]):
            due, self._due, self._received = self._due, None, b""
            self._generator.take_answer(self, due)

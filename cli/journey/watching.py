"""How long a purchase takes to be seen: from the answer to its POST until its points are pushed to the member.

A sample of members is watched over server-sent events, as their browsers would do it. Every purchase of a watched
member is measured; a purchase whose event came before its answer counts as 0 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import aiohttp
import orjson

from cli.journey.client import ApiClient

EVENTS_PATH = "/api/customer/events"
PAUSE_SECONDS = 0.25
SILENCE_SECONDS = 90
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event (WHATWG HTML, 9.2)."""

    id: str | None
    name: str
    data: str


@dataclass(slots=True)
class Latencies:
    """When each watched purchase was answered and when its award was seen, by time.monotonic()."""

    watched: frozenset[UUID]
    answered: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, member_id: UUID, transaction_id: str, at: float) -> None:
        if member_id in self.watched:
            self.answered[transaction_id] = at

    def see(self, transaction_id: str, at: float) -> None:
        self.seen.setdefault(transaction_id, at)
        self._news.set()

    async def until_all_seen(self, timeout_seconds: float) -> None:
        """Wait for what has been answered to be seen, so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self.unseen():
                    self._news.clear()
                    await self._news.wait()

    def milliseconds(self) -> list[float]:
        """The latencies of the purchases that were seen, smallest first."""
        both = self.answered.keys() & self.seen.keys()
        return sorted(max(0.0, self.seen[one] - self.answered[one]) * 1000 for one in both)

    def unseen(self) -> int:
        """Watched purchases whose points have not been pushed yet."""
        return len(self.answered.keys() - self.seen.keys())


def percentile(ascending: list[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed (nearest rank); None without values."""
    if not ascending:
        return None
    return ascending[max(math.ceil(len(ascending) * share), 1) - 1]


@asynccontextmanager
async def watching(client: ApiClient, members: Iterable[UUID]) -> AsyncIterator[Latencies]:
    """Watch `members` as long as the context lasts; it begins when all their streams are open (or were tried)."""
    latencies = Latencies(frozenset(members))
    opened = [asyncio.Event() for _ in latencies.watched]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_watch(client, member, latencies, event))
            for member, event in zip(latencies.watched, opened, strict=True)
        ]
        try:
            await _all_opened(opened)
            yield latencies
        finally:
            for task in tasks:
                task.cancel()


async def _all_opened(opened: list[asyncio.Event]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.gather(*(event.wait() for event in opened))


async def _watch(client: ApiClient, member_id: UUID, latencies: Latencies, opened: asyncio.Event) -> None:
    last_id: str | None = None
    while True:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async for event in _stream(client, member_id, last_id, opened):
                last_id = event.id or last_id
                if event.name == "transaction.awarded":
                    latencies.see(orjson.loads(event.data)["transaction_id"], time.monotonic())
        await asyncio.sleep(PAUSE_SECONDS)


async def _stream(
    client: ApiClient, member_id: UUID, last_id: str | None, opened: asyncio.Event
) -> AsyncIterator[ServerEvent]:
    url = client.urls[member_id.int % len(client.urls)] + EVENTS_PATH
    headers = {"Authorization": f"Bearer {client.mint(member_id)}", "Accept": "text/event-stream"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    quiet = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    async with client.session.get(url, headers=headers, timeout=quiet) as response:
        response.raise_for_status()
        opened.set()
        async for event in parse_events(response.content):
            yield event


async def parse_events(lines: AsyncIterable[bytes]) -> AsyncIterator[ServerEvent]:
    """The events of a stream of lines. Comments and events without data are left out."""
    fields: dict[str, str] = {}
    data: list[str] = []
    async for raw in lines:
        line = raw.decode().rstrip("\r\n")
        name, _, value = line.partition(":")
        if not line:
            if data:
                yield ServerEvent(fields.get("id"), fields.get("event", "message"), "\n".join(data))
            fields, data = {}, []
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif name:
            fields[name] = value.removeprefix(" ")

"""Lanes: the partitions of a topic are spread over a few lanes, each of which carries one batch at a time.

Invariant: a partition belongs to one lane, which takes its events in the order in which they came. So while PostgreSQL
works for one lane the others decode and evaluate, and the order within a partition, and so of a member, is kept.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any


class Lane:
    """Events on their way to one worker of batches; holds at most `most` and what was put last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: deque[Any] = deque()
        self._ended = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, events: Sequence[Any]) -> None:
        """Waits for room first."""
        await self._room.wait()
        self._events.extend(events)
        self._something.set()
        if len(self._events) >= self._most:
            self._room.clear()

    async def take(self, most: int) -> list[Any]:
        """At least one event, and what else is there, `most` at the most. Empty once the lane has ended."""
        await self._something.wait()
        if self._ended:
            return []
        batch = [self._events.popleft() for _ in range(min(most, len(self._events)))]
        if not self._events:
            self._something.clear()
        if len(self._events) < self._most:
            self._room.set()
        return batch

    def end(self) -> None:
        """Nothing is taken any more; what is still here comes again."""
        self._ended = True
        self._something.set()
        self._room.set()


async def spread(events: Iterable[Any], lanes: Sequence[Lane]) -> None:
    """Puts each event into the lane of its partition."""
    shares: list[list[Any]] = [[] for _ in lanes]
    for event in events:
        shares[event.message.partition % len(lanes)].append(event)
    for lane, share in zip(lanes, shares, strict=True):
        if share:
            await lane.put(share)

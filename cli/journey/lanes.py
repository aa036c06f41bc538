"""Work in lanes: what shares a key is done strictly one after another, in the order given; lanes run side by side.

A key always takes the same lane, so the number of lanes is the most work that goes on at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WAITING_IN_A_LANE = 16


async def in_lanes(
    items: AsyncIterator[T], lane_of: Callable[[T], int], work: Callable[[T], Awaitable[None]], lanes: int
) -> None:
    """Do `work` on every item. The first error ends all lanes and is raised (in an ExceptionGroup)."""
    queues = [asyncio.Queue[T | None](WAITING_IN_A_LANE) for _ in range(lanes)]
    async with asyncio.TaskGroup() as group:
        for queue in queues:
            group.create_task(_lane(queue, work))
        async for item in items:
            await queues[lane_of(item) % lanes].put(item)
        for queue in queues:
            await queue.put(None)


async def _lane(queue: asyncio.Queue[T | None], work: Callable[[T], Awaitable[None]]) -> None:
    while (item := await queue.get()) is not None:
        await work(item)

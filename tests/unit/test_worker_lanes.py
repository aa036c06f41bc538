"""Lanes keep the order within a partition, hold back who puts too much in, and end."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

from agents.lanes import Lane, spread
from tests.support.waiting import eventually

MOST = 20


def event(partition: int, offset: int) -> Any:
    return SimpleNamespace(message=SimpleNamespace(partition=partition, offset=offset))


async def test_a_partition_stays_in_order_in_one_lane(rng: random.Random) -> None:
    lanes = [Lane(MOST) for _ in range(3)]
    seen: list[list[tuple[int, int]]] = [[] for _ in lanes]

    async def work(lane: Lane, into: list[tuple[int, int]]) -> None:
        while batch := await lane.take(rng.randint(1, MOST)):
            assert len(batch) <= MOST
            into += [(e.message.partition, e.message.offset) for e in batch]
            await asyncio.sleep(0)

    async def distribute() -> None:
        offsets = [0] * 8
        for _ in range(300):
            events = []
            for partition in rng.choices(range(8), k=rng.randint(1, 10)):
                events.append(event(partition, offsets[partition]))
                offsets[partition] += 1
            await spread(events, lanes)
        await eventually(lambda: sum(map(len, seen)) == sum(offsets))
        for lane in lanes:
            lane.end()

    await asyncio.gather(distribute(), *map(work, lanes, seen))
    for number, found in enumerate(seen):
        assert {partition % len(lanes) for partition, _ in found} == {number}
        for partition in {partition for partition, _ in found}:
            offsets = [offset for of, offset in found if of == partition]
            assert offsets == list(range(len(offsets)))


async def test_who_puts_waits_for_room() -> None:
    lane = Lane(2)
    await lane.put([event(0, 0), event(0, 1)])
    waiting = asyncio.create_task(lane.put([event(0, 2)]))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert len(await lane.take(1)) == 1
    await waiting
    assert [e.message.offset for e in await lane.take(5)] == [1, 2]


async def test_an_ended_lane_gives_nothing_and_holds_nobody_up() -> None:
    lane = Lane(1)
    await lane.put([event(0, 0)])
    waiting = asyncio.create_task(lane.put([event(0, 1)]))
    await asyncio.sleep(0)
    lane.end()
    await waiting
    assert await lane.take(5) == []

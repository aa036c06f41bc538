"""Lanes: one after another for a key, side by side for others, never more at once than there are lanes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable

import pytest

from cli.journey.lanes import in_lanes


async def _each(items: Iterable[tuple[int, int]]) -> AsyncIterator[tuple[int, int]]:
    for item in items:
        yield item


async def test_a_keys_items_keep_their_order_and_do_not_overlap() -> None:
    done: dict[int, list[int]] = defaultdict(list)
    busy: set[int] = set()
    most = 0

    async def work(item: tuple[int, int]) -> None:
        nonlocal most
        key, number = item
        assert key not in busy
        busy.add(key)
        most = max(most, len(busy))
        await asyncio.sleep(0.0001 * (number % 3))
        busy.remove(key)
        done[key].append(number)

    await in_lanes(_each((number % 7, number) for number in range(700)), lambda item: item[0], work, lanes=4)
    assert {key: numbers == sorted(numbers) and len(numbers) == 100 for key, numbers in done.items()} == dict.fromkeys(
        range(7), True
    )
    assert 1 < most <= 4


async def test_an_error_ends_all_lanes() -> None:
    async def work(item: tuple[int, int]) -> None:
        if item[1] == 50:
            raise RuntimeError("lane broke")

    with pytest.raises(ExceptionGroup) as caught:
        await in_lanes(_each((number, number) for number in range(10_000)), lambda item: item[0], work, lanes=4)
    assert caught.group_contains(RuntimeError, match="lane broke")

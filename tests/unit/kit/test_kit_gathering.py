"""Gathering: what is asked for together is done together, nobody waits for company, and one's end is not another's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kit.gathering import Gathering


class Work:
    """Doubles numbers, each call as soon as it is let go. Refuses a group with a negative one."""

    def __init__(self, items_limit: int = 64, flights_limit: int = 1) -> None:
        self.calls: list[list[int]] = []
        self.underway = 0
        self.most_underway = 0
        self._let_go = asyncio.Event()
        self.gathering = Gathering(self._do, items_limit=items_limit, flights_limit=flights_limit)

    def let_go(self) -> None:
        self._let_go.set()

    async def _do(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        self.underway += 1
        self.most_underway = max(self.most_underway, self.underway)
        await self._let_go.wait()
        self.underway -= 1
        if min(items) < 0:
            raise ValueError(f"{min(items)} is negative")
        return [item * 2 for item in items]


async def _turns(count: int = 4) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_alone_goes_at_once() -> None:
    work = Work()
    asked = work.gathering.ask(1)
    await _turns()
    assert work.calls == [[1]]
    work.let_go()
    assert await asked == 2


async def test_what_comes_meanwhile_goes_together_in_its_order() -> None:
    work = Work()
    first = work.gathering.ask(1)
    await _turns()
    others = [work.gathering.ask(number) for number in (5, 3, 5)]
    await _turns()
    assert work.calls == [[1]]
    work.let_go()
    assert await asyncio.gather(first, *others) == [2, 10, 6, 10]
    assert work.calls == [[1], [5, 3, 5]]


async def test_an_error_is_of_those_who_went_together_and_of_nobody_else() -> None:
    work = Work()
    work.let_go()
    first = work.gathering.ask(1)
    await first
    failing = [work.gathering.ask(-1), work.gathering.ask(2)]
    results = await asyncio.gather(*failing, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    assert await work.gathering.ask(4) == 8


async def test_what_was_cancelled_before_its_turn_is_not_done() -> None:
    work = Work()
    first, second, third = work.gathering.ask(1), work.gathering.ask(2), work.gathering.ask(3)
    second.cancel()
    work.let_go()
    assert [await first, await third] == [2, 6]
    assert work.calls == [[1, 3]]


async def test_what_was_cancelled_on_its_way_leaves_the_others_theirs() -> None:
    work = Work()
    first, second = work.gathering.ask(1), work.gathering.ask(2)
    await _turns()
    first.cancel()
    work.let_go()
    assert await second == 4


@given(
    count=st.integers(1, 200),
    items_limit=st.integers(1, 20),
    flights_limit=st.integers(1, 5),
)
def test_all_are_done_once_within_the_limits(count: int, items_limit: int, flights_limit: int) -> None:
    async def run() -> None:
        work = Work(items_limit, flights_limit)
        asked = [work.gathering.ask(number) for number in range(count)]
        await _turns()
        work.let_go()
        assert await asyncio.gather(*asked) == [number * 2 for number in range(count)]
        assert sorted(item for call in work.calls for item in call) == list(range(count))
        assert max(map(len, work.calls)) <= items_limit
        assert work.most_underway <= flights_limit

    asyncio.run(run())


async def test_an_end_of_the_process_reaches_who_waits() -> None:
    async def do(items: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError

    gathering = Gathering(do, items_limit=2, flights_limit=1)
    with pytest.raises(asyncio.CancelledError):
        await gathering.ask(1)

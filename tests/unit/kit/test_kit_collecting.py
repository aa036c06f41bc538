"""Everything is collected when as many connections have ended as are open, and after an hour, and not before."""

from __future__ import annotations

from api.kit.collecting import FEWEST_ENDED, LONGEST_SECONDS, Collecting


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_waits_until_as_many_have_ended_as_are_open() -> None:
    collecting = Collecting(Clock())
    assert not collecting.is_due(ended=9_999, open_now=10_000)
    assert collecting.is_due(ended=10_000, open_now=10_000)
    assert not collecting.is_due(ended=10_001, open_now=10_000)
    assert collecting.is_due(ended=20_000, open_now=10_000)


def test_a_few_are_not_worth_it() -> None:
    collecting = Collecting(Clock())
    assert not collecting.is_due(ended=FEWEST_ENDED - 1, open_now=0)
    assert collecting.is_due(ended=FEWEST_ENDED, open_now=0)


def test_after_an_hour_it_is_due_whatever_happened() -> None:
    clock = Clock()
    collecting = Collecting(clock)
    clock.now = LONGEST_SECONDS - 1
    assert not collecting.is_due(0, 0)
    clock.now = LONGEST_SECONDS
    assert collecting.is_due(0, 0)
    clock.now += 1
    assert not collecting.is_due(0, 0)

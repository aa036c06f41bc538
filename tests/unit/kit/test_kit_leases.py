"""Leases: never more than was taken, and little that is taken in vain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.kit.leases import CALLERS_LIMIT, LARGEST_LEASE, LEASE_SECONDS, SHARE_OF_REMAINING, Leases

PLENTY = 10_000


class Bucket:
    """A shared limit that is refilled evenly, and one process that takes from it."""

    def __init__(self, capacity: int, per_second: float) -> None:
        self.now = 0.0
        self.taken = self.allowed = self.trips = 0
        self._capacity, self._per_second = capacity, per_second
        self._level = float(capacity)
        self._leases = Leases(lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._level = min(self._capacity, self._level + seconds * self._per_second)

    def ask(self) -> bool:
        if self._leases.spend("caller"):
            self.allowed += 1
            return True
        size = self._leases.next_size("caller")
        if self._level < size:
            return False
        self._level -= size
        self.trips += 1
        self.taken += size
        self.allowed += 1
        self._leases.add("caller", size, int(self._level), 1.0)
        return True


@given(st.lists(st.floats(0, 2), max_size=300), st.integers(1, 600))
def test_no_more_is_allowed_than_was_taken(waits: list[float], capacity: int) -> None:
    bucket = Bucket(capacity, capacity / 60)
    for seconds in waits:
        bucket.wait(seconds)
        bucket.ask()
        assert bucket.allowed <= bucket.taken


@given(st.integers(SHARE_OF_REMAINING * 2, 2_000), st.floats(0.05, 0.95))
def test_who_stays_within_the_limit_is_never_refused(per_minute: int, share: float) -> None:
    bucket = Bucket(per_minute, per_minute / 60)
    for _ in range(1_000):
        bucket.wait(60 / per_minute / share)
        assert bucket.ask()


def test_a_burst_ends_exactly_at_the_limit() -> None:
    bucket = Bucket(600, 0)
    assert [bucket.ask() for _ in range(601)] == [True] * 600 + [False]
    assert bucket.trips < 150


def test_a_small_limit_is_asked_every_time() -> None:
    bucket = Bucket(SHARE_OF_REMAINING, 0)
    assert all(bucket.ask() for _ in range(SHARE_OF_REMAINING))
    assert bucket.trips == SHARE_OF_REMAINING


def test_who_asks_seldom_loses_nothing() -> None:
    bucket = Bucket(PLENTY, 0)
    for _ in range(100):
        bucket.wait(LEASE_SECONDS * 1.5)
        bucket.ask()
    assert bucket.taken == bucket.allowed == 100


def test_who_asks_often_asks_the_limit_seldom() -> None:
    bucket = Bucket(PLENTY, PLENTY)
    for _ in range(1_000):
        bucket.wait(0.001)
        bucket.ask()
    assert bucket.trips < 30
    assert bucket.taken - bucket.allowed <= LARGEST_LEASE


def test_callers_are_forgotten() -> None:
    leases = Leases(lambda: 0.0)
    for caller in range(CALLERS_LIMIT + 1):
        leases.add(caller, 3, PLENTY, 1.0)
    assert leases.spend(0) is None
    assert leases.spend(CALLERS_LIMIT) is not None

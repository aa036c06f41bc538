"""Python's garbage collector, kept from stopping a process that holds thousands of connections.

Its collection of everything takes longer the more there is: with ten thousand event streams the better part of a
second, in which nobody is answered, and it comes whenever a quarter has been added. Nearly all of what there is lives
on, though: modules, routes, connections. So the young are collected as ever, what was there at the start is left out
for good, and everything is gone through only when as many connections have ended as are open, or after an hour: what
garbage is left meanwhile is bounded by that.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LONGEST_SECONDS = 3600.0
FEWEST_ENDED = 2_000
YOUNG_OBJECTS = 5_000
YOUNG_COLLECTIONS = 10
NEVER = 1_000_000_000


class Collecting:
    """When to collect everything. `ended` connections are counted since the start of the process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ended_before = 0
        self._last = monotonic()

    def is_due(self, ended: int, open_now: int) -> bool:
        """Whether to collect now; if so, the count begins anew."""
        many = ended - self._ended_before >= max(FEWEST_ENDED, open_now)
        if not many and self._monotonic() - self._last < LONGEST_SECONDS:
            return False
        self._ended_before, self._last = ended, self._monotonic()
        return True


def spare_what_lives() -> None:
    """Call it when the process is ready: what is there now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, NEVER)

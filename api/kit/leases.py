"""Requests that were taken from a shared limit at once, to be spent in this process without asking again.

No more is ever allowed than the limit says: what is spent here has been taken before. What is not spent within
`LEASE_SECONDS` is lost to its caller. That stays small: a lease is what the caller spent of the one before, twice that
if they had spent it within `SOON_SECONDS`, and never more than a sixteenth of what is left. So one who asks seldom,
or has little left, or has a small limit, asks the limit itself for every request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

LEASE_SECONDS = 1.0
SOON_SECONDS = 0.5
LARGEST_LEASE = 64
SHARE_OF_REMAINING = 16
CALLERS_LIMIT = 10_000


@dataclass(slots=True)
class Lease:
    """What one caller has here until `ends`. `left` and `behind` (in the shared limit) are their remaining requests."""

    size: int
    left: int
    behind: int
    reset_seconds: float
    ends: float

    @property
    def remaining(self) -> int:
        return self.left + self.behind


class Leases:
    """The leases of a process, by caller; those who have not asked for the longest are forgotten."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._leases: OrderedDict[Hashable, Lease] = OrderedDict()

    def spend(self, key: Hashable) -> Lease | None:
        """The caller's lease with one request less, or None if there is nothing to spend."""
        lease = self._leases.get(key)
        if lease is None or not lease.left or self._monotonic() >= lease.ends:
            return None
        lease.left -= 1
        return lease

    def next_size(self, key: Hashable) -> int:
        """How many requests to take now: the one that asks, and more if the last ones were spent in time."""
        lease = self._leases.get(key)
        if lease is None:
            return 1
        soon = self._monotonic() < lease.ends - LEASE_SECONDS + SOON_SECONDS
        wanted = lease.size * 2 if soon else lease.size - lease.left
        return max(1, min(wanted, LARGEST_LEASE, lease.behind // SHARE_OF_REMAINING))

    def add(self, key: Hashable, size: int, behind: int, reset_seconds: float) -> None:
        """So many were taken, one of them is spent already, and `behind` are left in the shared limit."""
        now = self._monotonic()
        before = self._leases.pop(key, None)
        unspent = before.left if before is not None and now < before.ends else 0
        self._leases[key] = Lease(size, unspent + size - 1, behind, reset_seconds, now + LEASE_SECONDS)
        if len(self._leases) > CALLERS_LIMIT:
            self._leases.popitem(last=False)

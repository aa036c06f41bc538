"""What limited rules have given so far, read under lock, counted on while a batch is evaluated, written once.

Within a batch the purchases of a member consume a limit one after the other, in the order of the batch.
"""

from collections import ChainMap, defaultdict
from collections.abc import Collection, Iterable
from typing import Self
from uuid import UUID

from loyalty.domain.award import Counter, UsageChange, UsageKey, UsageView
from loyalty.store import awards
from loyalty.store.database import Connection


class RuleUsage:
    """The counters that the purchases of one batch may ask for."""

    def __init__(self, of_members: dict[UUID, dict[UsageKey, int]], budgets: dict[UsageKey, int]) -> None:
        self._of_members = of_members
        self._budgets = budgets
        self._changed: set[tuple[UUID, UsageKey]] = set()

    @classmethod
    async def lock(cls, conn: Connection, wanted: Collection[tuple[UUID, UsageKey]]) -> Self:
        """The counters of (member, counter) pairs. The wallets' locks, taken before, guard those of members."""
        member_keys = {(member, key) for member, key in wanted if key.counter is Counter.MEMBER}
        of_members: defaultdict[UUID, dict[UsageKey, int]] = defaultdict(dict)
        for (member_id, key), points in (await awards.read_member_usage(conn, member_keys)).items():
            of_members[member_id][key] = points
        budgets = await awards.lock_budgets(conn, {key for _, key in wanted if key.counter is Counter.BUDGET})
        return cls(of_members, budgets)

    def seen_by(self, member_id: UUID) -> UsageView:
        """The counters as they stand for a purchase of this member."""
        return ChainMap(self._of_members[member_id], self._budgets)

    def count(self, member_id: UUID, changes: Iterable[UsageChange]) -> None:
        """Counts what a purchase of this member was given."""
        for change in changes:
            counters = self._of_members[member_id] if change.key.counter is Counter.MEMBER else self._budgets
            counters[change.key] = counters.get(change.key, 0) + change.points
            self._changed.add((member_id, change.key))

    def give_back(self, member_id: UUID, key: UsageKey, points: int) -> None:
        """Counts less, for what a member does not have any more; never less than nothing."""
        counters = self._of_members[member_id] if key.counter is Counter.MEMBER else self._budgets
        counters[key] = max(0, counters.get(key, 0) - points)
        self._changed.add((member_id, key))

    async def save(self, conn: Connection) -> None:
        """Writes the counters that have moved."""
        members = {
            (member_id, key): self._of_members[member_id][key]
            for member_id, key in self._changed
            if key.counter is Counter.MEMBER
        }
        budgets = {key: self._budgets[key] for _, key in self._changed if key.counter is Counter.BUDGET}
        await awards.save_member_usage(conn, members)
        await awards.save_budgets(conn, budgets)

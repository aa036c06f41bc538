"""Members' tiers while their wallets are locked: what counts is added to what counted, and the tier follows at once.

A tier is never taken from a stale total: the months are read under the wallets' locks, every purchase of a batch adds
to them before the next is looked at, and they are saved in the transaction that booked the points. A program without a
tier policy, or with one tier, has nothing to move and costs no statement.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from loyalty.clock import IdSource
from loyalty.domain.tiers import Ladder, Measure, Standing, TierPolicy, month_of, qualifying, settle
from loyalty.services.events import outgoing
from loyalty.services.posting import Book
from loyalty.services.tier_rules import TierRules
from loyalty.store import tiers as store
from loyalty.store.database import Connection
from loyalty.store.tiers import Amounts, TierChange
from outbox import NewEvent
from schemas.events import TierChanged


@dataclass(frozen=True, slots=True)
class _Moved:
    member_id: UUID
    from_code: str
    to_code: str
    reason: Literal["qualified", "not_qualified"]
    wallet_version: int


class TierBook:
    """The tiers of the members of an open book."""

    def __init__(
        self,
        rules: TierRules,
        book: Book,
        months: dict[UUID, dict[date, Amounts]],
        graces: dict[UUID, datetime],
    ) -> None:
        self._rules = rules
        self._book = book
        self._months = months
        self._graces = graces
        self._added: defaultdict[tuple[UUID, date], Amounts] = defaultdict(Amounts)
        self._standings: dict[UUID, Standing] = {}
        self._moved: list[_Moved] = []

    @classmethod
    async def open(cls, conn: Connection, rules: TierRules, book: Book) -> Self:
        """Reads what counts for the book's members."""
        if not rules.moves:
            return cls(rules, book, {}, {})
        members = list(book.wallets)
        return cls(rules, book, await store.read_months(conn, members), await store.read_graces(conn, members))

    def count(self, member_id: UUID, occurred_at: datetime, points: int, spend_minor: int, at: datetime) -> None:
        """A purchase counts from now on; what is taken back counts below zero."""
        if self._rules.policy is None:
            return
        month = month_of(occurred_at.astimezone(self._rules.zone).date())
        months = self._months.setdefault(member_id, {})
        months[month] = months.get(month, Amounts()).plus(points, spend_minor)
        self._added[member_id, month] = self._added[member_id, month].plus(points, spend_minor)
        self._settle(self._rules.ladder, self._rules.policy, member_id, at)

    def settle_all(self, at: datetime) -> None:
        """Every member of the book, as they stand at this moment."""
        if self._rules.policy is not None:
            for member_id in self._book.wallets:
                self._settle(self._rules.ladder, self._rules.policy, member_id, at)

    async def save(self, conn: Connection, at: datetime, ids: IdSource) -> list[NewEvent]:
        """Writes what has changed; tier.changed for each move, to be emitted in this order."""
        await store.add_qualifying(conn, self._added)
        await store.save_standings(conn, self._standings, at)
        changes = [
            TierChange(ids(), m.member_id, m.from_code, m.to_code, m.reason, m.wallet_version) for m in self._moved
        ]
        await store.insert_changes(conn, changes, at)
        return list(self._events(changes, at))

    def _settle(self, steps: Ladder, policy: TierPolicy, member_id: UUID, at: datetime) -> None:
        wallet = self._book.wallets[member_id]
        before = Standing(wallet.tier_code, self._graces.get(member_id))
        counted = {month: measured(policy, amounts) for month, amounts in self._months.get(member_id, {}).items()}
        total = qualifying(policy.period, counted, at.astimezone(self._rules.zone).date())
        after = settle(steps, policy, before, total, at)
        if after == before:
            return
        self._standings[member_id] = after
        if after.grace_until is None:
            self._graces.pop(member_id, None)
        else:
            self._graces[member_id] = after.grace_until
        if after.code != before.code:
            self._move(steps, member_id, after.code)

    def _move(self, steps: Ladder, member_id: UUID, to_code: str) -> None:
        wallet, to = self._book.wallets[member_id], steps.tier(to_code)
        reason: Literal["qualified", "not_qualified"] = "qualified" if to.rank > wallet.tier_rank else "not_qualified"
        moved = _Moved(member_id, wallet.tier_code, to_code, reason, self._book.touch(member_id))
        self._moved.append(moved)
        wallet.tier_code, wallet.tier_rank, wallet.tier_multiplier = to.code, to.rank, to.multiplier

    def _events(self, changes: Iterable[TierChange], at: datetime) -> Iterable[NewEvent]:
        for change in changes:
            changed = TierChanged(
                member_id=change.member_id,
                from_tier=change.from_code,
                to_tier=change.to_code,
                reason=change.reason,
                changed_at=at,
            )
            yield outgoing(changed, event_id=change.change_id, occurred_at=at)


def measured(policy: TierPolicy, amounts: Amounts) -> int:
    """The amount that counts under the policy."""
    return amounts.points if policy.measure is Measure.POINTS else amounts.spend_minor

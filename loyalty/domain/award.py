"""What a purchase earned: the points, whose they are, and what the limits must count."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from loyalty.domain.rules.receipt import Receipt


class Counter(StrEnum):
    """What counts the points a rule gave: one for each member and period, or one for the whole program."""

    MEMBER = "member"
    BUDGET = "budget"


class UsageKey(NamedTuple):
    """A counter of a rule, all its versions together. A member's counter is that of the purchase's member."""

    rule_id: UUID
    counter: Counter
    period_key: str


UsageView = Mapping[UsageKey, int]
"""Points already given, by counter; a counter that is not there stands at 0."""


class UsageChange(NamedTuple):
    """Add `points` (at least 1) to the counter."""

    key: UsageKey
    points: int


class Share(NamedTuple):
    """The part of an award that a version of a rule gave: at least one point."""

    rule_id: UUID
    version: int
    points: int


class Award(NamedTuple):
    """`points` is the sum of the shares and may be 0. The receipt says why."""

    points: int
    shares: tuple[Share, ...]
    usage_changes: tuple[UsageChange, ...]
    receipt: "Receipt"

    @property
    def pending_until(self) -> datetime | None:
        """When the points become available; None: at once."""
        return self.receipt.pending_until

    @property
    def expires_at(self) -> datetime | None:
        """When the points expire; None: never."""
        return self.receipt.expires_at

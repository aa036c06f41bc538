"""What the earning rules look at: what happened, and what was known of its member when it was processed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

YEARS = range(1900, 9999)
"""Years a purchase may occur in: times near the ends of the calendar have no local time in some time zones."""

FieldValue = str | int | bool
"""What a field of a custom event holds. A decimal is a whole number of ten-thousandths: see `rules.conditions`."""


class Line(NamedTuple):
    """One line of a basket. amount_minor is the whole line's, whatever its quantity."""

    amount_minor: int
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A recorded transaction. Amounts are minor units of `currency`; occurred_at is aware.

    Without lines the purchase is one line of its amount. Raises ValueError for a negative amount, a naive time or a
    year that is not one of YEARS.
    """

    merchant_id: UUID
    occurred_at: datetime
    amount_minor: int
    currency: str
    lines: tuple[Line, ...] = ()
    event: "EventFacts | None" = None

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise ValueError("occurred_at needs a time zone")
        if self.occurred_at.year not in YEARS:
            raise ValueError(f"occurred_at is in the year {self.occurred_at.year}, not in {YEARS[0]} to {YEARS[-1]}")
        if self.amount_minor < 0 or (self.lines and min(line[0] for line in self.lines) < 0):
            raise ValueError("a purchase has no negative amounts")

    @property
    def counted_lines(self) -> tuple[Line, ...]:
        """The lines that earn: those of the basket, or the one that a purchase without a basket is."""
        if self.lines or self.event is not None:
            return self.lines
        return (Line(self.amount_minor),)


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What a custom event says, when a member did something that is no purchase."""

    event_type: str
    fields: Mapping[str, FieldValue]


class MemberFacts(NamedTuple):
    """What the rules may ask of a member. `tier` is the code of the member's tier, None without one.

    purchases_before: purchases of this member that were processed before this one.
    """

    joined_at: datetime
    purchases_before: int = 0
    tier: str | None = None
    tier_multiplier: Decimal = Decimal(1)
    birth_date: date | None = None

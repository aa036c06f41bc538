"""What the earning rules look at: a purchase and what was known of its member when it was processed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

YEARS = range(1900, 9999)
"""Years a purchase may occur in: times near the ends of the calendar have no local time in some time zones."""


@dataclass(frozen=True, slots=True)
class Line:
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

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise ValueError("occurred_at needs a time zone")
        if self.occurred_at.year not in YEARS:
            raise ValueError(f"occurred_at is in the year {self.occurred_at.year}, not in {YEARS[0]} to {YEARS[-1]}")
        if self.amount_minor < 0 or any(line.amount_minor < 0 for line in self.lines):
            raise ValueError("a purchase has no negative amounts")


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What the rules may ask of a member. `tier` is the code of the member's tier, None without one.

    first_purchase: nothing of this member was processed before this purchase.
    """

    joined_at: datetime
    first_purchase: bool
    tier: str | None = None
    tier_multiplier: Decimal = Decimal(1)

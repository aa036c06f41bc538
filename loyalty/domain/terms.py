"""When points become available and when they expire.

Both follow from the moment they were earned, which for a purchase is when it occurred. Days are those of the program's
time zone: points that expire live to the end of their last day there. Whoever spends points or counts them at a moment
counts those that expire at that very moment as gone.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

LAST_YEAR = 9_998
"""Points that would live longer than this never expire: the calendar ends."""


class ExpiryMode(StrEnum):
    """ROLLING: each time the member earns or redeems, all their points live on for `months` from then."""

    NONE = "none"
    MONTHS = "months"
    FIXED_DAY = "fixed_day"
    END_OF_YEAR = "end_of_year"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True)
class Expiry:
    """`months` is for MONTHS and ROLLING; month and day name the FIXED_DAY at whose end points expire.

    `years` lets points live through so many fixed days or ends of a year before the one at which they expire.
    """

    mode: ExpiryMode = ExpiryMode.NONE
    months: int = 0
    month: int = 12
    day: int = 31
    years: int = 0


@dataclass(frozen=True, slots=True)
class PointsTerms:
    """What a program promises about the points it gives."""

    pending_days: int = 0
    expiry: Expiry = Expiry()

    @property
    def rolls_months(self) -> int | None:
        """Months that points live after the member's last activity; None unless they roll."""
        return self.expiry.months if self.expiry.mode is ExpiryMode.ROLLING else None

    def pending_until(self, earned_at: datetime) -> datetime | None:
        """When points earned at `earned_at` become available; None: at once."""
        return earned_at + timedelta(days=self.pending_days) if self.pending_days else None

    def expires_at(self, earned_at: datetime, zone: ZoneInfo) -> datetime | None:
        """When points earned at `earned_at` expire (rolling ones: at the earliest), in UTC; None: never."""
        if self.expiry.mode is ExpiryMode.NONE:
            return None
        last_day = _last_day(self.expiry, earned_at.astimezone(zone).date())
        if last_day is None or last_day.year > LAST_YEAR:
            return None
        return datetime.combine(last_day + timedelta(days=1), time.min, zone).astimezone(UTC)


def _last_day(expiry: Expiry, earned_on: date) -> date | None:
    match expiry.mode:
        case ExpiryMode.NONE:
            return None
        case ExpiryMode.MONTHS | ExpiryMode.ROLLING:
            return _months_later(earned_on, expiry.months)
        case ExpiryMode.FIXED_DAY:
            this_year = earned_on.replace(month=expiry.month, day=expiry.day)
            return _years_later(this_year, expiry.years + (earned_on > this_year))
        case ExpiryMode.END_OF_YEAR:
            return _years_later(date(earned_on.year, 12, 31), expiry.years)
    assert_never(expiry.mode)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last when it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > LAST_YEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _years_later(day: date, years: int) -> date:
    return date.max if day.year + years > LAST_YEAR else day.replace(year=day.year + years)

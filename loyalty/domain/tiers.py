"""Tiers: a ladder that members climb by what they earn or spend. Its steps rise in rank and never fall in threshold.

How a member stands follows from three things only: where the member was, what counts now, and the moment. Nothing here
remembers a total: whoever settles a standing brings the total of that moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import assert_never
from zoneinfo import ZoneInfo

MONTHS_A_YEAR = 12


class Measure(StrEnum):
    """What qualifies: points earned on purchases, or the money spent on them in minor units."""

    POINTS = "points"
    SPEND = "spend"


class QualifyingPeriod(StrEnum):
    """Which months count.

    CALENDAR_YEAR: what is reached in a year holds to the end of the next. ROLLING_12_MONTHS: this month and the eleven
    before it.
    """

    LIFETIME = "lifetime"
    CALENDAR_YEAR = "calendar_year"
    ROLLING_12_MONTHS = "rolling_12_months"


class Downgrade(StrEnum):
    """What becomes of a member who no longer qualifies, when the grace is over."""

    NEVER = "never"
    ONE_STEP = "one_step"
    TO_QUALIFIED = "to_qualified"


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """How members come to a tier and leave it. Without a grace a tier is left at once."""

    measure: Measure = Measure.POINTS
    period: QualifyingPeriod = QualifyingPeriod.LIFETIME
    grace_days: int = 0
    downgrade: Downgrade = Downgrade.TO_QUALIFIED


@dataclass(frozen=True, slots=True)
class Tier:
    """threshold_points: what a member needs for it, in the policy's measure. multiplier: applied to every award."""

    code: str
    name: str
    rank: int
    threshold_points: int
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class TierProgress:
    """Where a member stands: `next` and points_to_next are None at the top of the ladder."""

    tier: Tier
    next: Tier | None
    points_to_next: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier a member is in; grace_until is set while the member no longer qualifies for it."""

    code: str
    grace_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A member will lose the tier at `keep_by` unless `missing` more is reached before."""

    missing: int
    keep_by: datetime


Months = Mapping[date, int]
"""What counts, by the first day of the month in which it was bought (the program's calendar)."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """All tiers of a program, the lowest first. Make it with `ladder()`."""

    tiers: tuple[Tier, ...]

    def tier(self, code: str) -> Tier:
        """Raises KeyError for a code that is not on the ladder."""
        for tier in self.tiers:
            if tier.code == code:
                return tier
        raise KeyError(code)

    def reached(self, points: int) -> Tier:
        """The highest tier that `points` qualify for; the lowest when they qualify for none."""
        reached = [tier for tier in self.tiers if tier.threshold_points <= points]
        return reached[-1] if reached else self.tiers[0]

    def below(self, tier: Tier) -> Tier:
        """The next lower tier; the lowest is below itself."""
        return next((lower for lower in reversed(self.tiers) if lower.rank < tier.rank), tier)

    def progress(self, code: str, points: int) -> TierProgress:
        """How far a member of tier `code` with `points` is from the next. Raises KeyError for an unknown code."""
        here = self.tier(code)
        following = next((tier for tier in self.tiers if tier.rank > here.rank), None)
        if following is None:
            return TierProgress(here, None, None)
        return TierProgress(here, following, max(0, following.threshold_points - points))

    def at_least(self, code: str | None, minimum_code: str) -> bool:
        """Whether tier `code` is `minimum_code` or above; no tier is below all. Raises KeyError for unknown codes."""
        minimum = self.tier(minimum_code)
        return code is not None and self.tier(code).rank >= minimum.rank


def ladder(tiers: Iterable[Tier]) -> Ladder:
    """Orders tiers by rank. Raises ValueError when empty, when two share a rank or code, or a threshold falls."""
    ordered = tuple(sorted(tiers, key=lambda tier: tier.rank))
    if not ordered:
        raise ValueError("a program has at least one tier")
    for lower, upper in pairwise(ordered):
        if lower.rank == upper.rank:
            raise ValueError(f"tiers {lower.code!r} and {upper.code!r} have the same rank {lower.rank}")
        if lower.threshold_points > upper.threshold_points:
            raise ValueError(f"tier {upper.code!r} is above {lower.code!r} but needs fewer points")
    if len({tier.code for tier in ordered}) < len(ordered):
        raise ValueError("two tiers have the same code")
    return Ladder(ordered)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def qualifying(period: QualifyingPeriod, months: Months, today: date) -> int:
    """What counts today towards keeping or reaching a tier. Months after this one count for nothing yet."""
    this_month = month_of(today)
    past = {month: amount for month, amount in months.items() if month <= this_month}
    match period:
        case QualifyingPeriod.LIFETIME:
            return sum(past.values())
        case QualifyingPeriod.CALENDAR_YEAR:
            return max(_of_year(past, today.year), _of_year(past, today.year - 1))
        case QualifyingPeriod.ROLLING_12_MONTHS:
            return _since(past, _months_later(this_month, 1 - MONTHS_A_YEAR))
    assert_never(period)


def climbing(period: QualifyingPeriod, months: Months, today: date) -> int:
    """What counts today towards the next tier: of calendar years only this one can still grow."""
    if period is QualifyingPeriod.CALENDAR_YEAR:
        return _of_year({month: amount for month, amount in months.items() if month <= month_of(today)}, today.year)
    return qualifying(period, months, today)


def settle(steps: Ladder, policy: TierPolicy, standing: Standing, total: int, at: datetime) -> Standing:
    """The standing at `at` of a member who stood so before, with `total` counting. Raises KeyError for an unknown tier.

    Up at once, and as far as the total reaches. Down only when the grace is over, which begins when the total is first
    found too low; one step begins the grace of the next.
    """
    here, reached = steps.tier(standing.code), steps.reached(total)
    if reached.rank > here.rank:
        return Standing(reached.code)
    if reached.rank == here.rank or policy.downgrade is Downgrade.NEVER:
        return Standing(here.code)
    grace_until = standing.grace_until or at + timedelta(days=policy.grace_days)
    if at < grace_until:
        return Standing(here.code, grace_until)
    if policy.downgrade is Downgrade.TO_QUALIFIED:
        return Standing(reached.code)
    lower = Standing(steps.below(here).code)
    return settle(steps, policy, lower, total, at) if policy.grace_days else lower


def risk(
    steps: Ladder, policy: TierPolicy, standing: Standing, months: Months, at: datetime, zone: ZoneInfo
) -> Risk | None:
    """What threatens the member's tier next; None when nothing does."""
    here, today = steps.tier(standing.code), at.astimezone(zone).date()
    if policy.downgrade is Downgrade.NEVER or here == steps.tiers[0]:
        return None
    if standing.grace_until is not None:
        return Risk(here.threshold_points - qualifying(policy.period, months, today), standing.grace_until)
    counted, until = _counted_at_next_review(policy.period, months, today)
    if until is None or counted >= here.threshold_points:
        return None
    review = datetime.combine(until, time.min, zone).astimezone(UTC)
    return Risk(here.threshold_points - counted, review + timedelta(days=policy.grace_days))


def _counted_at_next_review(period: QualifyingPeriod, months: Months, today: date) -> tuple[int, date | None]:
    """What will still count on the next day on which something ceases to, and that day."""
    match period:
        case QualifyingPeriod.LIFETIME:
            return 0, None
        case QualifyingPeriod.CALENDAR_YEAR:
            return climbing(period, months, today), date(today.year + 1, 1, 1)
        case QualifyingPeriod.ROLLING_12_MONTHS:
            next_month = _months_later(month_of(today), 1)
            return qualifying(period, months, next_month), next_month
    assert_never(period)


def _of_year(months: Months, year: int) -> int:
    return sum(amount for month, amount in months.items() if month.year == year)


def _since(months: Months, first: date) -> int:
    return sum(amount for month, amount in months.items() if month >= first)


def _months_later(month: date, months: int) -> date:
    years, place = divmod(month.month - 1 + months, MONTHS_A_YEAR)
    return date(month.year + years, place + 1, 1)

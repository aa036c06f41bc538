"""Tiers: a ladder that a member climbs by points. Its steps rise strictly in rank and never fall in threshold."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Tier:
    """threshold_points: qualifying points a member needs for it. multiplier: applied to every award."""

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

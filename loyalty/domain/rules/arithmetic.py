"""Rounding an award once, and splitting what was rounded into whole shares without losing a point."""

from collections.abc import Sequence
from fractions import Fraction
from typing import assert_never

from loyalty.domain.program import Rounding

_HALF = Fraction(1, 2)


def round_points(points: Fraction, rounding: Rounding) -> int:
    """The whole number of points. half_up: a half counts as one more."""
    match rounding:
        case Rounding.DOWN:
            return points.__floor__()
        case Rounding.HALF_UP:
            return (points + _HALF).__floor__()
        case Rounding.UP:
            return points.__ceil__()
    assert_never(rounding)


def split(contributions: Sequence[Fraction], rounded: int) -> list[int]:
    """Whole shares that sum to `rounded`, by largest remainder; `rounded` is the rounded sum of the contributions.

    Each gets the whole part of its contribution; the points left over go one each to the largest fractional parts, of
    equal ones to the first. So a share is always less than a point away from its contribution.
    """
    shares = [points.__floor__() for points in contributions]
    left = rounded - sum(shares)
    if left:
        by_remainder = sorted(range(len(shares)), key=lambda place: shares[place] - contributions[place])
        for place in by_remainder[:left]:
            shares[place] += 1
    return shares

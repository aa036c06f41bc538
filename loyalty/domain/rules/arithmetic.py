"""Rounding an award once, and splitting what was rounded into whole shares without losing a point.

Exact points are counted in grains: a point has `grains_per_point` of them, as many as it takes for every number of one
evaluation to be whole. So the arithmetic is that of integers: exact, and several times faster than that of fractions.
"""

from collections.abc import Sequence
from typing import assert_never

from loyalty.domain.program import Rounding


def round_points(grains: int, grains_per_point: int, rounding: Rounding) -> int:
    """The whole number of points. half_up: a half counts as one more."""
    match rounding:
        case Rounding.DOWN:
            return grains // grains_per_point
        case Rounding.HALF_UP:
            return (2 * grains + grains_per_point) // (2 * grains_per_point)
        case Rounding.UP:
            return -(-grains // grains_per_point)
    assert_never(rounding)


def split(contributions_grains: Sequence[int], grains_per_point: int, rounded: int) -> list[int]:
    """Whole shares that sum to `rounded`, by largest remainder; `rounded` is the rounded sum of the contributions.

    Each gets the whole points of its contribution; the points left over go one each to the largest remainders, of equal
    ones to the first. So a share is always less than a point away from its contribution.
    """
    shares = [grains // grains_per_point for grains in contributions_grains]
    left = rounded - sum(shares)
    if left:
        remainders = [grains % grains_per_point for grains in contributions_grains]
        for place in sorted(range(len(shares)), key=lambda place: -remainders[place])[:left]:
            shares[place] += 1
    return shares

"""The ladder of tiers and a member's place on it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.tiers import Tier, ladder

BASE = Tier("base", "Member", 0, 0)
SILVER = Tier("silver", "Silver", 1, 500, Decimal("1.25"))
GOLD = Tier("gold", "Gold", 5, 2_000, Decimal("1.5"))
LADDER = ladder([GOLD, BASE, SILVER])


@pytest.mark.parametrize(
    ("code", "points", "following", "points_to_next"),
    [
        ("base", 0, SILVER, 500),
        ("base", 499, SILVER, 1),
        ("base", 600, SILVER, 0),
        ("silver", 600, GOLD, 1_400),
        ("gold", 0, None, None),
    ],
)
def test_progress_to_the_next_tier(code: str, points: int, following: Tier | None, points_to_next: int | None) -> None:
    progress = LADDER.progress(code, points)
    assert (progress.tier.code, progress.next, progress.points_to_next) == (code, following, points_to_next)


@given(st.integers(0, 5_000))
def test_the_tier_reached_is_the_highest_whose_threshold_is_met(points: int) -> None:
    reached = LADDER.reached(points)
    assert reached.threshold_points <= points
    assert all(tier.rank <= reached.rank for tier in LADDER.tiers if tier.threshold_points <= points)


def test_below_every_threshold_a_member_is_in_the_lowest_tier() -> None:
    assert ladder([SILVER, GOLD]).reached(3) == SILVER


def test_tiers_compare_by_rank_and_no_tier_is_below_all() -> None:
    assert LADDER.at_least("gold", "silver")
    assert LADDER.at_least("silver", "silver")
    assert not LADDER.at_least("base", "silver")
    assert not LADDER.at_least(None, "base")


@pytest.mark.parametrize("code", ["", "platinum"])
def test_an_unknown_tier_is_an_error(code: str) -> None:
    with pytest.raises(KeyError):
        LADDER.progress(code, 5)
    with pytest.raises(KeyError):
        LADDER.at_least("base", code)


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ([], "at least one"),
        ([BASE, Tier("other", "Other", 0, 10)], "same rank"),
        ([BASE, Tier("base", "Other", 1, 10)], "same code"),
        ([Tier("low", "Low", 0, 10), Tier("high", "High", 1, 5)], "needs fewer points"),
    ],
)
def test_what_is_no_ladder(tiers: list[Tier], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ladder(tiers)

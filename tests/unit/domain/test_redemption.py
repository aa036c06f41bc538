"""Redemptions: the first reason that holds decides, all of them explain, and the two never disagree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.redemption import (
    Completed,
    Decision,
    Reason,
    RedeemingMember,
    RedemptionRequest,
    Rejected,
    Reward,
    RewardUsage,
    Wallet,
    decide,
    explain,
)

AT = datetime(2017, 3, 5, 12, tzinfo=UTC)
PRECEDENCE = ["member_inactive", "reward_inactive", "tier_not_eligible", "limit_reached"]
PRECEDENCE += ["out_of_stock", "insufficient_points"]
MEMBER = RedeemingMember(active=True, tier_rank=1)
REWARD = Reward(points_cost=100, minimum_tier_rank=1, stock_remaining=1, limit_per_member=1)


def decided(against: set[str]) -> Decision:
    """The decision when exactly these reasons hold."""
    return decide(RedemptionRequest(100), *situation(against), AT)


def situation(against: set[str]) -> tuple[RedeemingMember, Wallet, Reward, RewardUsage]:
    rank = 0 if "tier_not_eligible" in against else 1
    member = RedeemingMember("member_inactive" not in against, rank)
    wallet = Wallet(60 if "insufficient_points" in against else 100)
    reward = replace(
        REWARD, active="reward_inactive" not in against, stock_remaining=0 if "out_of_stock" in against else 1
    )
    return member, wallet, reward, RewardUsage(1 if "limit_reached" in against else 0)


SITUATIONS = [set(some) for count in range(7) for some in combinations(PRECEDENCE, count)]


@pytest.mark.parametrize("against", SITUATIONS, ids=lambda against: "+".join(sorted(against)) or "nothing")
def test_the_first_reason_in_order_decides_and_all_explain(against: set[str]) -> None:
    reasons = [Reason(code) for code in PRECEDENCE if code in against]
    decision = decided(against)
    match decision:
        case Completed(points_spent):
            assert (reasons, points_spent) == ([], 100)
        case Rejected(reason, points_missing):
            assert reason is reasons[0]
            assert points_missing == (40 if reason is Reason.INSUFFICIENT_POINTS else None)
    obstacles = explain(*situation(against), AT)
    assert [obstacle.code for obstacle in obstacles] == reasons
    assert all(obstacle.detail.endswith(".") for obstacle in obstacles)


def test_the_order_of_precedence_is_the_one_stated() -> None:
    assert [reason.value for reason in Reason] == PRECEDENCE


@pytest.mark.parametrize(
    ("at", "offered"),
    [
        (AT - timedelta(microseconds=1), False),
        (AT, True),
        (AT + timedelta(days=1, microseconds=-1), True),
        (AT + timedelta(days=1), False),
    ],
)
def test_a_reward_is_offered_in_its_window(at: datetime, offered: bool) -> None:
    reward = replace(REWARD, starts_at=AT, ends_at=AT + timedelta(days=1))
    decision = decide(RedemptionRequest(100), MEMBER, Wallet(100), reward, RewardUsage(), at)
    assert isinstance(decision, Completed) is offered


def test_the_price_is_the_one_that_was_asked_for() -> None:
    dearer = replace(REWARD, points_cost=150)
    assert decide(RedemptionRequest(100), MEMBER, Wallet(120), dearer, RewardUsage(), AT) == Completed(100)
    assert [obstacle.points_missing for obstacle in explain(MEMBER, Wallet(120), dearer, RewardUsage(), AT)] == [30]


@pytest.mark.parametrize(
    ("rank", "minimum", "eligible"), [(None, None, True), (None, 0, False), (0, 0, True), (1, 2, False), (3, 2, True)]
)
def test_tiers_are_compared_by_rank(rank: int | None, minimum: int | None, eligible: bool) -> None:
    reward = replace(REWARD, minimum_tier_rank=minimum)
    obstacles = explain(RedeemingMember(True, rank), Wallet(100), reward, RewardUsage(), AT)
    assert (obstacles == ()) is eligible


def test_without_limits_a_reward_can_be_had_again_and_again() -> None:
    reward = Reward(points_cost=1)
    assert explain(MEMBER, Wallet(1), reward, RewardUsage(10**6), AT) == ()


@given(st.integers(0, 200), st.integers(1, 200))
def test_nobody_spends_more_than_they_have(available: int, cost: int) -> None:
    decision = decide(RedemptionRequest(cost), MEMBER, Wallet(available), REWARD, RewardUsage(), AT)
    match decision:
        case Completed(points_spent):
            assert points_spent == cost <= available
        case Rejected(reason, points_missing):
            assert reason is Reason.INSUFFICIENT_POINTS
            assert points_missing == cost - available > 0


def test_the_explanation_has_the_numbers() -> None:
    details = [obstacle.detail for obstacle in explain(*situation({"limit_reached", "insufficient_points"}), AT)]
    assert details == ["A member may have this reward once.", "This reward costs 100 points: 40 more are needed."]


def test_pending_points_say_when_it_could_be() -> None:
    soon, later = AT + timedelta(days=1), AT + timedelta(days=2)
    reward = Reward(points_cost=100)
    wallet = Wallet(50, [(soon, 20), (later, 30)])
    (obstacle,) = explain(MEMBER, wallet, reward, RewardUsage(), AT)
    assert (obstacle.points_missing, obstacle.possible_at) == (50, later)
    (obstacle,) = explain(MEMBER, Wallet(50, [(soon, 20)]), reward, RewardUsage(), AT)
    assert obstacle.possible_at is None


def test_the_tier_that_it_takes_is_named() -> None:
    reward = Reward(points_cost=1, minimum_tier_rank=9, minimum_tier_name="Gold")
    (obstacle,) = explain(MEMBER, Wallet(1), reward, RewardUsage(), AT)
    assert (obstacle.tier_needed, "Gold" in obstacle.detail) == ("Gold", True)

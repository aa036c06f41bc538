"""Whether a member may have a reward, and if not, why.

One list of reasons serves both `decide` (what the worker does) and `explain` (what the member is shown beforehand),
so they cannot disagree. The order of Reason is the order of precedence: a refusal names the first that holds, from
what the member cannot change to what more points would cure. Nobody is told to collect points for a reward that is
gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never


class Reason(StrEnum):
    """Why a redemption is refused, in order of precedence."""

    MEMBER_INACTIVE = "member_inactive"
    REWARD_INACTIVE = "reward_inactive"
    TIER_NOT_ELIGIBLE = "tier_not_eligible"
    LIMIT_REACHED = "limit_reached"
    OUT_OF_STOCK = "out_of_stock"
    INSUFFICIENT_POINTS = "insufficient_points"


@dataclass(frozen=True, slots=True)
class RedemptionRequest:
    """points_cost is the price the member was quoted when asking: a later price does not change it."""

    points_cost: int


@dataclass(frozen=True, slots=True)
class RedeemingMember:
    """tier_rank is the rank of the member's tier on the ladder, None without a tier."""

    active: bool
    tier_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """Points a member can spend now, and those that become so: (when, points), soonest first."""

    available: int
    coming: Sequence[tuple[datetime, int]] = ()

    def enough_at(self, cost: int) -> datetime | None:
        """When `cost` can be spent, if nothing else happens; None when that is not to be seen."""
        available = self.available
        for when, points in self.coming:
            available += points
            if available >= cost:
                return when
        return None


@dataclass(frozen=True, slots=True)
class Reward:
    """stock_remaining None: unlimited. The window is [starts_at, ends_at). limit_per_member counts completed ones.

    One that hands out codes from a list has codes_left of them. A partner has confirm_seconds to confirm one that is
    reserved; None: there is nothing to confirm.
    """

    points_cost: int
    active: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    minimum_tier_rank: int | None = None
    minimum_tier_name: str | None = None
    stock_remaining: int | None = None
    limit_per_member: int | None = None
    hands_out_codes: bool = False
    codes_left: int = 0
    confirm_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class RewardUsage:
    """How many of this reward the member has had in the period of its limit (completed or reserved)."""

    redeemed_by_member: int = 0


@dataclass(frozen=True, slots=True)
class Completed:
    """The reward is the member's for points_spent."""

    points_spent: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing is spent. points_missing is set for insufficient_points only."""

    reason: Reason
    points_missing: int | None = None


Decision = Completed | Rejected


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason against a redemption, for people: what it is, what is missing, and when it will be gone if it will.

    points_missing where points are the cure, tier_needed where a tier is; possible_at is when points that are pending
    now will do.
    """

    code: Reason
    detail: str
    points_missing: int | None = None
    tier_needed: str | None = None
    possible_at: datetime | None = None


def decide(
    request: RedemptionRequest,
    member: RedeemingMember,
    wallet: Wallet,
    reward: Reward,
    usage: RewardUsage,
    at: datetime,
) -> Decision:
    """The outcome at `at`, at the requested price: completed, or rejected for the first reason that holds."""
    reason = next(_reasons(request.points_cost, member, wallet, reward, usage, at), None)
    if reason is None:
        return Completed(request.points_cost)
    return Rejected(reason, _points_missing(reason, request.points_cost, wallet))


def explain(
    member: RedeemingMember, wallet: Wallet, reward: Reward, usage: RewardUsage, at: datetime
) -> tuple[Obstacle, ...]:
    """Everything that stands between the member and the reward at its present price; empty when eligible."""
    cost = reward.points_cost
    return tuple(
        Obstacle(
            reason,
            _detail(reason, cost, wallet, reward),
            _points_missing(reason, cost, wallet),
            reward.minimum_tier_name if reason is Reason.TIER_NOT_ELIGIBLE else None,
            wallet.enough_at(cost) if reason is Reason.INSUFFICIENT_POINTS else None,
        )
        for reason in _reasons(cost, member, wallet, reward, usage, at)
    )


def _reasons(
    cost: int, member: RedeemingMember, wallet: Wallet, reward: Reward, usage: RewardUsage, at: datetime
) -> Iterator[Reason]:
    for reason in Reason:
        if _holds(reason, cost, member, wallet, reward, usage, at):
            yield reason


def _holds(
    reason: Reason,
    cost: int,
    member: RedeemingMember,
    wallet: Wallet,
    reward: Reward,
    usage: RewardUsage,
    at: datetime,
) -> bool:
    match reason:
        case Reason.MEMBER_INACTIVE:
            return not member.active
        case Reason.REWARD_INACTIVE:
            return not _offered(reward, at)
        case Reason.TIER_NOT_ELIGIBLE:
            return not _tier_suffices(member, reward)
        case Reason.LIMIT_REACHED:
            return reward.limit_per_member is not None and usage.redeemed_by_member >= reward.limit_per_member
        case Reason.OUT_OF_STOCK:
            sold_out = reward.stock_remaining is not None and reward.stock_remaining <= 0
            return sold_out or (reward.hands_out_codes and reward.codes_left <= 0)
        case Reason.INSUFFICIENT_POINTS:
            return wallet.available < cost
    assert_never(reason)


def _offered(reward: Reward, at: datetime) -> bool:
    started = reward.starts_at is None or reward.starts_at <= at
    ended = reward.ends_at is not None and reward.ends_at <= at
    return reward.active and started and not ended


def _tier_suffices(member: RedeemingMember, reward: Reward) -> bool:
    if reward.minimum_tier_rank is None:
        return True
    return member.tier_rank is not None and member.tier_rank >= reward.minimum_tier_rank


def _points_missing(reason: Reason, cost: int, wallet: Wallet) -> int | None:
    return cost - wallet.available if reason is Reason.INSUFFICIENT_POINTS else None


def _detail(reason: Reason, cost: int, wallet: Wallet, reward: Reward) -> str:
    match reason:
        case Reason.MEMBER_INACTIVE:
            return "This membership is not active."
        case Reason.REWARD_INACTIVE:
            return "This reward is not offered at the moment."
        case Reason.TIER_NOT_ELIGIBLE:
            if reward.minimum_tier_name is None:
                return "This reward is for members of a higher tier."
            return f"This reward is for members of the tier {reward.minimum_tier_name} and above."
        case Reason.LIMIT_REACHED:
            return f"A member may have this reward {_times(reward.limit_per_member or 0)}."
        case Reason.OUT_OF_STOCK:
            return "This reward is out of stock."
        case Reason.INSUFFICIENT_POINTS:
            return f"This reward costs {cost} points: {cost - wallet.available} more are needed."
    assert_never(reason)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

"""What members ask for after their shopping: most what they can afford, some what they cannot have."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

RewardView = dict[str, Any]
"""A reward as GET /rewards shows it to one member."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One redemption to ask for. The key makes asking twice the same as asking once."""

    member_id: UUID
    reward_id: str
    key: str


def choose_askers(members: Sequence[UUID], most: int, seed: int) -> list[UUID]:
    """At most `most` of the members, the same ones for the same seed."""
    ordered = sorted(members)
    return random.Random(seed).sample(ordered, min(most, len(ordered)))


def wishes_of(member_id: UUID, number: int, rewards: Sequence[RewardView]) -> Iterator[Wish]:
    """What the asker with this number asks for.

    Of ten, five ask for the dearest they can have, two for what they have too few points for, one for the scarcest,
    one for what is for a higher tier, and one for the same thing over again.
    """
    picks = {5: _too_dear, 6: _too_dear, 7: _scarcest, 8: _for_others, 9: _over_again}
    for count, reward in enumerate(picks.get(number % 10, _dearest)(rewards)):
        yield Wish(member_id, reward["reward_id"], f"replay-wish-{member_id}-{count}")


def _dearest(rewards: Sequence[RewardView]) -> list[RewardView]:
    eligible = [reward for reward in rewards if reward["eligible"]]
    return sorted(eligible, key=_cost)[-1:]


def _too_dear(rewards: Sequence[RewardView]) -> list[RewardView]:
    return sorted(_refused_for(rewards, "insufficient_points"), key=_cost)[:1]


def _scarcest(rewards: Sequence[RewardView]) -> list[RewardView]:
    limited = [reward for reward in rewards if reward["stock_remaining"] is not None]
    return sorted(limited, key=lambda reward: int(reward["stock_remaining"]))[:1]


def _for_others(rewards: Sequence[RewardView]) -> list[RewardView]:
    return _refused_for(rewards, "tier_not_eligible")[:1]


def _over_again(rewards: Sequence[RewardView]) -> list[RewardView]:
    cheapest = sorted((reward for reward in rewards if reward["eligible"]), key=_cost)[:3]
    return [reward for reward in cheapest if reward["stock_remaining"] is None][:1] * 2


def _refused_for(rewards: Sequence[RewardView], code: str) -> list[RewardView]:
    return [reward for reward in rewards if code in {reason["code"] for reason in reward["reasons"]}]


def _cost(reward: RewardView) -> int:
    return int(reward["points_cost"])

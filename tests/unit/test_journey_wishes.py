"""Who redeems is the same for the same seed, and what they ask for covers every answer a member can get."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from cli.journey.wishes import choose_askers, wishes_of

MEMBER = UUID(int=7)


def _reward(name: str, cost: int, *reasons: str, stock: int | None = None) -> dict[str, Any]:
    return {
        "reward_id": name,
        "points_cost": cost,
        "stock_remaining": stock,
        "eligible": not reasons,
        "reasons": [{"code": code} for code in reasons],
    }


REWARDS = [
    _reward("mug", 25, stock=10),
    _reward("bag", 30),
    _reward("coffee", 40),
    _reward("umbrella", 250, "insufficient_points"),
    _reward("cinema", 400, "insufficient_points", stock=500),
    _reward("backpack", 600, "tier_not_eligible", "insufficient_points"),
]


def _asked(number: int) -> list[str]:
    return [wish.reward_id for wish in wishes_of(MEMBER, number, REWARDS)]


def test_ten_askers_ask_for_all_there_is_to_ask() -> None:
    assert [_asked(number) for number in range(10)] == [
        *[["coffee"]] * 5,
        ["umbrella"],
        ["umbrella"],
        ["mug"],
        ["backpack"],
        ["bag", "bag"],
    ]


def test_the_eleventh_asks_as_the_first() -> None:
    assert _asked(10) == _asked(0)


def test_each_wish_has_a_key_of_its_own_and_always_the_same() -> None:
    keys = [wish.key for wish in wishes_of(MEMBER, 9, REWARDS)]
    assert len(set(keys)) == 2
    assert keys == [wish.key for wish in wishes_of(MEMBER, 9, REWARDS)]


def test_who_has_nothing_to_ask_for_asks_nothing() -> None:
    assert [list(wishes_of(MEMBER, number, [])) for number in range(10)] == [[]] * 10


def test_askers_are_the_same_for_the_same_seed_in_whatever_order_they_come() -> None:
    members = [UUID(int=number) for number in range(100)]
    chosen = choose_askers(members, 10, seed=3)
    assert len(set(chosen)) == 10
    assert chosen == choose_askers(members[::-1], 10, seed=3)
    assert chosen != choose_askers(members, 10, seed=4)
    assert len(choose_askers(members[:4], 10, seed=3)) == 4

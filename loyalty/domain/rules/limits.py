"""The limits that count over time: points_per_member and budget_points. They cut whole shares, never below zero.

What a refund takes back from a member is given back to the counters: of what a rule gave, as much in proportion,
rounded down, so that it never comes to more than what was taken back and comes to all of it in the end.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from loyalty.domain.award import Counter, UsageChange, UsageKey, UsageView
from loyalty.domain.exact import Exact
from loyalty.domain.periods import Period, period_key
from loyalty.domain.rules.definition import Limits
from loyalty.domain.rules.receipt import Cut, Limit

if TYPE_CHECKING:
    from loyalty.domain.rules.selection import Cast


class Returned(NamedTuple):
    """Of an award's points, as many had been returned before a refund, and as many after it: 0 to `of`, above 0."""

    before: int
    after: int
    of: int


def is_counted(limits: Limits) -> bool:
    """Whether a rule with these limits has counters."""
    return limits.points_per_member is not None or limits.budget_points is not None


def counters(rule_id: UUID, limits: Limits, day: date) -> Iterator[tuple[Limit, UsageKey, int]]:
    """A rule's limits with their counters and the most points each may reach; `day` is local to the program."""
    if limits.points_per_member is not None:
        key = UsageKey(rule_id, Counter.MEMBER, period_key(limits.points_per_member.period, day))
        yield Limit.POINTS_PER_MEMBER, key, limits.points_per_member.points
    if limits.budget_points is not None:
        key = UsageKey(rule_id, Counter.BUDGET, period_key(Period.EVER, day))
        yield Limit.BUDGET_POINTS, key, limits.budget_points


def cut_shares(
    cast: "Cast", shares: Sequence[int], usage: UsageView, day: date
) -> tuple[list[int], list[Cut], list[UsageChange]]:
    """The points each rule gives after its limits, what they cut, and what their counters must add."""
    granted = list(shares)
    cuts: list[Cut] = []
    changes: list[UsageChange] = []
    for seat in cast.counted:
        rule = cast.rules[seat]
        points, found = granted[seat], list(counters(rule.active.rule_id, rule.definition.limits, day))
        for limit, key, most in found:
            left = max(0, most - usage.get(key, 0))
            if points > left:
                cuts.append(Cut(seat, limit, Exact(points - left), key.period_key))
                points = left
        if points:
            changes += [UsageChange(key, points) for _, key, _ in found]
        granted[seat] = points
    return granted, cuts, changes


def given_back(counted: int, returned: Returned) -> int:
    """Of points that a counter counted for an award, those that this return gives back."""
    return counted * returned.after // returned.of - counted * returned.before // returned.of

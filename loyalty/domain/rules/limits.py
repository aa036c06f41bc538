"""The limits that count over time: points_per_member and budget_points. They cut whole shares, never below zero."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from loyalty.domain.award import Counter, UsageChange, UsageKey, UsageView
from loyalty.domain.exact import Exact
from loyalty.domain.periods import Period, period_key
from loyalty.domain.rules.definition import Limits
from loyalty.domain.rules.receipt import Cut, Limit

if TYPE_CHECKING:
    from loyalty.domain.rules.compiled import CompiledRule
    from loyalty.domain.rules.selection import Cast


def is_counted(limits: Limits) -> bool:
    """Whether a rule with these limits has counters."""
    return limits.points_per_member is not None or limits.budget_points is not None


def counters(rule: "CompiledRule", day: date) -> Iterator[tuple[Limit, UsageKey, int]]:
    """A rule's limits with their counters and the most points each may reach; `day` is local to the program."""
    limits, rule_id = rule.definition.limits, rule.active.rule_id
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
        points, found = granted[seat], list(counters(cast.rules[seat], day))
        for limit, key, most in found:
            left = max(0, most - usage.get(key, 0))
            if points > left:
                cuts.append(Cut(seat, limit, Exact(points - left), key.period_key))
                points = left
        if points:
            changes += [UsageChange(key, points) for _, key, _ in found]
        granted[seat] = points
    return granted, cuts, changes

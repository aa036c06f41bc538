"""A rule prepared for evaluation, and the one rule of stacking.

A rule's position is its place in the order of precedence: higher priority first, then the older rule, then lower id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import assert_never

from loyalty.domain.purchase import Line
from loyalty.domain.rules.conditions import Check, Facts, check, in_window, is_of_purchase
from loyalty.domain.rules.definition import (
    ALWAYS,
    ActiveRule,
    Effect,
    FixedPoints,
    Multiplier,
    PointsPerAmount,
    RuleDefinition,
    ScopeType,
)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """`number` is the effect's own: points per unit of the currency, fixed points, or the factor."""

    position: int
    active: ActiveRule
    definition: RuleDefinition
    number: Fraction
    purchase_checks: tuple[Check, ...]
    member_checks: tuple[Check, ...]
    values: frozenset[str]

    @property
    def unconditional(self) -> bool:
        return not self.definition.conditions and self.definition.window == ALWAYS

    def may_be_in_force(self, facts: Facts, at: datetime) -> bool:
        """Whether all holds that does not depend on the member."""
        return in_window(self.definition.window, at) and _hold(self.purchase_checks, facts)

    def in_force(self, facts: Facts, at: datetime) -> bool:
        return self.may_be_in_force(facts, at) and _hold(self.member_checks, facts)

    def covers(self, line: Line) -> bool:
        match self.definition.scope.type:
            case ScopeType.SKU:
                return line.sku in self.values
            case ScopeType.CATEGORY:
                return line.category in self.values
            case ScopeType.ORDER:
                return True


def compile_rules(rules: Iterable[ActiveRule]) -> tuple[CompiledRule, ...]:
    """The rules in order of precedence. Raises ValueError when a rule is there twice."""
    ordered = sorted(rules, key=lambda rule: (-rule.definition.priority, rule.created_at, rule.rule_id))
    if len({rule.rule_id for rule in ordered}) < len(ordered):
        raise ValueError("one rule cannot be active in two versions")
    return tuple(_compile(position, rule) for position, rule in enumerate(ordered))


def stacked(rules: Sequence[CompiledRule]) -> Sequence[CompiledRule]:
    """Of rules in order of precedence those that count: the first alone if it does not stack, else all that stack."""
    if rules and not rules[0].definition.stackable:
        return rules[:1]
    return [rule for rule in rules if rule.definition.stackable]


def by_value(rules: Iterable[CompiledRule]) -> Mapping[str | None, Sequence[CompiledRule]]:
    """The rules for each sku or category that one of them names, in the order given."""
    index: dict[str | None, list[CompiledRule]] = {}
    for rule in rules:
        for value in rule.values:
            index.setdefault(value, []).append(rule)
    return index


def _compile(position: int, rule: ActiveRule) -> CompiledRule:
    definition = rule.definition
    checks = [check(condition) for condition in definition.conditions]
    return CompiledRule(
        position,
        rule,
        definition,
        _number(definition.effect),
        tuple(check for check in checks if is_of_purchase(check)),
        tuple(check for check in checks if not is_of_purchase(check)),
        frozenset(definition.scope.values),
    )


def _hold(checks: Iterable[Check], facts: Facts) -> bool:
    return all(check.holds(facts[check.field]) for check in checks)


def _number(effect: Effect) -> Fraction:
    match effect:
        case PointsPerAmount(points, per):
            return Fraction(points) / Fraction(per)
        case FixedPoints(fixed):
            return Fraction(fixed)
        case Multiplier(factor):
            return Fraction(factor)
    assert_never(effect)

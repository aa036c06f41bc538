"""A rule prepared for evaluation, and the one rule of stacking.

A rule's position is its place in the order of precedence: higher priority first, then the older rule, then lower id.
Its bit stands for it in sets of rules: an integer is the cheapest set there is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import assert_never

from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.domain.rules.conditions import MemberCheck, PurchaseCheck, check, in_window
from loyalty.domain.rules.definition import (
    ALWAYS,
    ActiveRule,
    Effect,
    FixedPoints,
    Multiplier,
    PointsPerAmount,
    RuleDefinition,
    Scope,
    ScopeType,
    effect_json,
)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """`number` is the effect's own: points per unit of the currency, fixed points, or the factor."""

    position: int
    bit: int
    active: ActiveRule
    definition: RuleDefinition
    number: Fraction
    purchase_checks: tuple[PurchaseCheck, ...]
    member_checks: tuple[MemberCheck, ...]
    values: frozenset[str]
    covers: "Covers"
    written: str
    """What never changes of the rule's part in a receipt: members of a JSON object."""

    @property
    def unconditional(self) -> bool:
        return not self.definition.conditions and self.definition.window == ALWAYS

    def may_be_in_force(self, purchase: Purchase, local: datetime) -> bool:
        """Whether all holds that does not depend on the member."""
        if not in_window(self.definition.window, purchase.occurred_at):
            return False
        return all(holds(fact(purchase, local)) for fact, holds in self.purchase_checks)

    def in_force(self, purchase: Purchase, member: MemberFacts, local: datetime) -> bool:
        if not self.may_be_in_force(purchase, local):
            return False
        return all(holds(fact(member, local)) for fact, holds in self.member_checks)

    def covers_any(self, lines: Iterable[Line]) -> bool:
        """Whether anything is in the rule's scope. An order without exceptions is, even when it has no lines."""
        scope = self.definition.scope
        if scope.type is ScopeType.ORDER and not scope.has_exceptions:
            return True
        return any(map(self.covers, lines))


class Covers:
    """Whether a line is in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._type = scope.type
        self._values = frozenset(scope.values)
        self._skus = frozenset(scope.except_skus)
        self._categories = frozenset(scope.except_categories)

    def __call__(self, line: Line) -> bool:
        return self.names(line.sku, line.category)

    def names(self, sku: str | None, category: str | None) -> bool:
        if sku in self._skus or category in self._categories:
            return False
        match self._type:
            case ScopeType.SKU:
                return sku in self._values
            case ScopeType.CATEGORY:
                return category in self._values
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


def bits(rules: Iterable[CompiledRule]) -> int:
    """The rules as a set."""
    together = 0
    for rule in rules:
        together |= rule.bit
    return together


def by_value(rules: Iterable[CompiledRule]) -> Mapping[str | None, Sequence[CompiledRule]]:
    """The rules for each sku or category that one of them names, in the order given."""
    index: dict[str | None, list[CompiledRule]] = {}
    for rule in rules:
        for value in rule.values:
            index.setdefault(value, []).append(rule)
    return index


def _compile(position: int, rule: ActiveRule) -> CompiledRule:
    definition = rule.definition
    covers = Covers(definition.scope)
    checks = list(map(partial(check, covers=covers), definition.conditions))
    return CompiledRule(
        position,
        1 << position,
        rule,
        definition,
        _number(definition.effect),
        tuple(check for check in checks if isinstance(check, PurchaseCheck)),
        tuple(check for check in checks if isinstance(check, MemberCheck)),
        frozenset(definition.scope.values),
        covers,
        _written(rule),
    )


def _written(rule: ActiveRule) -> str:
    named = {
        "rule_id": str(rule.rule_id),
        "version": rule.version,
        "name": rule.definition.name,
        "effect": effect_json(rule.definition.effect),
    }
    return json.dumps(named, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _number(effect: Effect) -> Fraction:
    match effect:
        case PointsPerAmount(points, per):
            return Fraction(points) / Fraction(per)
        case FixedPoints(fixed):
            return Fraction(fixed)
        case Multiplier(factor):
            return Fraction(factor)
    assert_never(effect)

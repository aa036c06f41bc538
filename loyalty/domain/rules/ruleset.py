"""The active rules, compiled once and evaluated for each purchase: docs/rules.md has the semantics.

The invariant: every number is exact (Fraction) until the one rounding and whole from there on, and nothing depends on
the order in which the rules were given.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from loyalty.domain.award import Award, UsageKey, UsageView
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.domain.rules.awarding import Occasion, award
from loyalty.domain.rules.compiled import CompiledRule, by_value, compile_rules, stacked
from loyalty.domain.rules.conditions import member_facts, purchase_facts
from loyalty.domain.rules.definition import (
    ActiveRule,
    Effect,
    FixedPoints,
    Multiplier,
    PointsPerAmount,
    ScopeType,
)
from loyalty.domain.rules.limits import counters, is_counted
from loyalty.domain.rules.selection import Claims, ScopeIndex, Selection


def compile_ruleset(rules: Iterable[ActiveRule], program: ProgramSettings) -> "Ruleset":
    """Prepares rules for many evaluations.

    Raises ValueError when a rule is there twice, zoneinfo.ZoneInfoNotFoundError for an unknown time zone.
    """
    return Ruleset(compile_rules(rules), program)


def evaluate(
    purchase: Purchase, member: MemberFacts, rules: Sequence[ActiveRule], program: ProgramSettings, usage: UsageView
) -> Award:
    """What one purchase earns under `rules`. For many purchases compile the rules once. Raises UnknownCurrency."""
    return compile_ruleset(rules, program).evaluate(purchase, member, usage)


class Ruleset:
    """Rules in force together under one program's settings; immutable, so it may be shared."""

    def __init__(self, rules: Sequence[CompiledRule], program: ProgramSettings) -> None:
        self._program = program
        self._zone = program.zone
        self._fields = frozenset(condition.field for rule in rules for condition in rule.definition.conditions)
        earning = _with_effect(rules, PointsPerAmount)
        self._index = ScopeIndex(
            by_value(_with_scope(earning, ScopeType.SKU)),
            by_value(_with_scope(earning, ScopeType.CATEGORY)),
            _with_scope(earning, ScopeType.ORDER),
        )
        self._fixed = _with_effect(rules, FixedPoints)
        self._multipliers = _with_effect(rules, Multiplier)
        self._counted = [rule for rule in rules if is_counted(rule.definition.limits)]
        self._always = frozenset(rule for rule in rules if rule.unconditional)
        self._sometimes = [rule for rule in rules if not rule.unconditional]

    def usage_keys(self, purchase: Purchase) -> tuple[UsageKey, ...]:
        """The counters that `evaluate` may ask for, whoever the member. Lock several in sorted order."""
        if not self._counted:
            return ()
        local_time, lines = self._local_time(purchase), _lines(purchase)
        facts = purchase_facts(self._fields, purchase, local_time)
        return tuple(
            key
            for rule in self._counted
            if rule.may_be_in_force(facts, purchase.occurred_at) and any(map(rule.covers, lines))
            for _, key, _ in counters(rule, local_time.date())
        )

    def evaluate(self, purchase: Purchase, member: MemberFacts, usage: UsageView) -> Award:
        """What `purchase` earns. Raises UnknownCurrency."""
        occasion = Occasion(purchase, member, self._local_time(purchase), self._program)
        return award(self._select(occasion), occasion, usage)

    def _local_time(self, purchase: Purchase) -> datetime:
        return purchase.occurred_at.astimezone(self._zone)

    def _select(self, occasion: Occasion) -> Selection:
        in_force = self._in_force(occasion)
        lines = _lines(occasion.purchase)
        fixed = [rule for rule in self._fixed if rule in in_force and any(map(rule.covers, lines))]
        multipliers = [rule for rule in self._multipliers if rule in in_force]
        claims = Claims(self._index, in_force)
        return Selection([(line, claims.of(line)) for line in lines], stacked(fixed), stacked(multipliers))

    def _in_force(self, occasion: Occasion) -> frozenset[CompiledRule]:
        facts = purchase_facts(self._fields, occasion.purchase, occasion.local_time)
        facts |= member_facts(self._fields, occasion.member, occasion.local_time)
        occurred_at = occasion.purchase.occurred_at
        return self._always.union([rule for rule in self._sometimes if rule.in_force(facts, occurred_at)])


def _lines(purchase: Purchase) -> Sequence[Line]:
    return purchase.lines or (Line(purchase.amount_minor),)


def _with_effect(rules: Iterable[CompiledRule], effect: type[Effect]) -> list[CompiledRule]:
    return [rule for rule in rules if isinstance(rule.definition.effect, effect)]


def _with_scope(rules: Iterable[CompiledRule], scope: ScopeType) -> list[CompiledRule]:
    return [rule for rule in rules if rule.definition.scope.type is scope]

"""The active rules, compiled once and evaluated for each purchase: docs/rules.md has the semantics.

The invariant: every number is exact until the one rounding and whole from there on, and nothing depends on the order in
which the rules were given.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from loyalty.domain.award import Award, UsageKey, UsageView
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.awarding import Occasion, award
from loyalty.domain.rules.compiled import CompiledRule, bits, compile_rules
from loyalty.domain.rules.definition import ActiveRule, Field, Trigger
from loyalty.domain.rules.limits import counters, is_counted
from loyalty.domain.rules.selection import Stage

STAGES_KEPT = 256


def compile_ruleset(rules: Iterable[ActiveRule], program: ProgramSettings) -> "Ruleset":
    """Prepares rules for many evaluations of purchases; those for events are left out.

    Raises ValueError when a rule is there twice, zoneinfo.ZoneInfoNotFoundError for an unknown time zone.
    """
    for_purchases = [rule for rule in rules if rule.definition.trigger is Trigger.TRANSACTION_RECORDED]
    return Ruleset(compile_rules(for_purchases), program)


def compile_event_rulesets(rules: Iterable[ActiveRule], program: ProgramSettings) -> "Mapping[str, Ruleset]":
    """The same for custom events, by their type; a type without rules is not there."""
    by_type: dict[str, list[ActiveRule]] = {}
    for rule in rules:
        if rule.definition.event_type is not None:
            by_type.setdefault(rule.definition.event_type, []).append(rule)
    return {event_type: Ruleset(compile_rules(of_type), program) for event_type, of_type in by_type.items()}


def evaluate(
    purchase: Purchase, member: MemberFacts, rules: Sequence[ActiveRule], program: ProgramSettings, usage: UsageView
) -> Award:
    """What one purchase earns under `rules`. For many purchases compile the rules once. Raises UnknownCurrency."""
    return compile_ruleset(rules, program).evaluate(purchase, member, usage)


class Ruleset:
    """Rules in force together under one program's settings. What it keeps between evaluations never shows in one."""

    def __init__(self, rules: Sequence[CompiledRule], program: ProgramSettings) -> None:
        self._program = program
        self._zone = program.zone
        self._rules = rules
        self._counted = [rule for rule in rules if is_counted(rule.definition.limits)]
        self._always = bits(rule for rule in rules if rule.unconditional)
        self._sometimes = [rule for rule in rules if not rule.unconditional]
        self._stages: dict[int, Stage] = {}

    @property
    def rules(self) -> list[ActiveRule]:
        """The rules, in order of precedence."""
        return [rule.active for rule in self._rules]

    @property
    def asks_for_birthdays(self) -> bool:
        """Whether an evaluation depends on when the member was born."""
        asked = {condition.field for rule in self._rules for condition in rule.definition.conditions}
        return bool(asked & {Field.BIRTHDAY, Field.BIRTHDAY_MONTH})

    @property
    def is_limited(self) -> bool:
        """Whether any rule counts what it gives over time."""
        return bool(self._counted)

    def usage_keys(self, purchase: Purchase) -> tuple[UsageKey, ...]:
        """The counters that `evaluate` may ask for, whoever the member. Lock several in sorted order."""
        if not self._counted:
            return ()
        local_time, lines = self._local_time(purchase), purchase.counted_lines
        return tuple(
            [
                key
                for rule in self._counted
                if rule.may_be_in_force(purchase, local_time) and rule.covers_any(lines)
                for _, key, _ in counters(rule.active.rule_id, rule.definition.limits, local_time.date())
            ]
        )

    def evaluate(self, purchase: Purchase, member: MemberFacts, usage: UsageView) -> Award:
        """What `purchase` earns. Raises UnknownCurrency."""
        local_time = self._local_time(purchase)
        in_force = self._always
        for rule in self._sometimes:
            if rule.in_force(purchase, member, local_time):
                in_force |= rule.bit
        selection = self._stage(in_force).select(purchase.counted_lines)
        return award(selection, Occasion(purchase, member, local_time, self._program), usage)

    def _local_time(self, purchase: Purchase) -> datetime:
        return purchase.occurred_at.astimezone(self._zone)

    def _stage(self, in_force: int) -> Stage:
        stage = self._stages.get(in_force)
        if stage is None:
            if len(self._stages) >= STAGES_KEPT:
                self._stages.clear()
            stage = self._stages[in_force] = Stage([rule for rule in self._rules if rule.bit & in_force])
        return stage

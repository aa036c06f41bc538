"""Rules on trial: evaluated with the rules in force on every purchase or custom event, awarding nothing.

What they would have given is counted by rule, version and day, within limits and budgets of their own: a trial's
counters count what the trial would have given, are not touched by the rules in force, and begin unused with every
version. A refund does not give back to them, and what a trial does to other rules is not counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from loyalty.domain.award import Counter, UsageKey, UsageView
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, Ruleset, compile_ruleset
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.store import rules as store
from loyalty.store.database import Connection
from loyalty.store.rules import EVERYBODY, TrialCount, TrialCounter, TrialKey


@dataclass(frozen=True, slots=True)
class RulesOnTrial:
    """The rules on trial together with those in force, and which they are; none where none on trial takes part."""

    for_purchases: Ruleset | None
    by_event_type: Mapping[str, Ruleset]
    versions: Mapping[UUID, int]

    def for_what(self, purchase: Purchase) -> Ruleset | None:
        """The rules for a purchase, or for a custom event of its type; None when no rule on trial is for it."""
        event = purchase.event
        return self.for_purchases if event is None else self.by_event_type.get(event.event_type)

    def counter(self, member_id: UUID, key: UsageKey) -> TrialCounter | None:
        """The trial's own counter for a key; None for a key of a rule in force."""
        version = self.versions.get(key.rule_id)
        if version is None:
            return None
        return TrialCounter(version, EVERYBODY if key.counter is Counter.BUDGET else member_id, key)


def rules_on_trial(
    in_force: Sequence[ActiveRule], on_trial: Sequence[ActiveRule], program: ProgramSettings
) -> RulesOnTrial | None:
    """None when no rule is on trial: then a trial costs nothing."""
    if not on_trial:
        return None
    together = [*in_force, *on_trial]
    tried = {rule.definition.event_type for rule in on_trial}
    events = compile_event_rulesets([rule for rule in together if rule.definition.event_type in tried], program)
    for_purchases = compile_ruleset(together, program) if None in tried else None
    return RulesOnTrial(for_purchases, events, {rule.rule_id: rule.version for rule in on_trial})


class Trials:
    """What the rules on trial would have given for a batch."""

    def __init__(self, rules: RulesOnTrial | None, used: Mapping[tuple[UUID, UsageKey], int]) -> None:
        self._rules = rules
        self._used: defaultdict[UUID, dict[UsageKey, int]] = defaultdict(dict)
        for (member_id, key), points in used.items():
            self._used[member_id][key] = points
        self._changed: set[TrialCounter] = set()
        self._counts: defaultdict[TrialKey, TrialCount] = defaultdict(TrialCount)

    @classmethod
    async def open(
        cls, conn: Connection, rules: RulesOnTrial | None, happened: Iterable[tuple[UUID, Purchase]]
    ) -> Self:
        """For what members did; hold their wallets' locks. Reads nothing when no rule on trial counts over time."""
        if rules is None:
            return cls(None, {})
        return cls(rules, await store.lock_trial_usage(conn, _wanted(rules, happened)))

    def evaluate(self, member_id: UUID, purchase: Purchase, member: MemberFacts, used: UsageView) -> None:
        """`used` is what the rules in force have given."""
        if self._rules is None or (ruleset := self._rules.for_what(purchase)) is None:
            return
        own = {**used, **self._used[EVERYBODY], **self._used[member_id]}
        award = ruleset.evaluate(purchase, member, own)
        for key, points in award.usage_changes:
            if (counter := self._rules.counter(member_id, key)) is not None:
                self._count(counter, points)
        day: date = award.receipt.local_time.date()
        for share in award.shares:
            if share.rule_id in self._rules.versions:
                trial = TrialKey(share.rule_id, share.version, day)
                self._counts[trial] = self._counts[trial].plus(share.points)

    def _count(self, counter: TrialCounter, points: int) -> None:
        used = self._used[counter.member_id]
        used[counter.key] = used.get(counter.key, 0) + points
        self._changed.add(counter)

    async def save(self, conn: Connection) -> None:
        await store.save_trial_usage(conn, {one: self._used[one.member_id][one.key] for one in self._changed})
        await store.count_trials(conn, self._counts)


def _wanted(rules: RulesOnTrial, happened: Iterable[tuple[UUID, Purchase]]) -> set[TrialCounter]:
    keys = (
        (member_id, key)
        for member_id, purchase in happened
        if (ruleset := rules.for_what(purchase)) is not None
        for key in ruleset.usage_keys(purchase)
    )
    return {counter for member_id, key in keys if (counter := rules.counter(member_id, key)) is not None}

"""Rules on trial: evaluated with the rules in force on every purchase or custom event, awarding nothing.

What they would have given is counted by rule, version and day. A trial counts a purchase as if the rule's limits over
time were unused, because nothing is ever given that could use them up; what it does to other rules is not counted.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from loyalty.domain.award import UsageView
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, Ruleset, compile_ruleset
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.store import rules as store
from loyalty.store.database import Connection
from loyalty.store.rules import TrialCount, TrialKey


@dataclass(frozen=True, slots=True)
class RulesOnTrial:
    """The rules on trial together with those in force, and which they are; none where none on trial takes part."""

    for_purchases: Ruleset | None
    by_event_type: Mapping[str, Ruleset]
    rule_ids: frozenset[UUID]

    def for_what(self, purchase: Purchase) -> Ruleset | None:
        """The rules for a purchase, or for a custom event of its type; None when no rule on trial is for it."""
        event = purchase.event
        return self.for_purchases if event is None else self.by_event_type.get(event.event_type)


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
    return RulesOnTrial(for_purchases, events, frozenset(rule.rule_id for rule in on_trial))


class Trials:
    """What the rules on trial would have given for a batch."""

    def __init__(self, rules: RulesOnTrial | None) -> None:
        self._rules = rules
        self._counts: defaultdict[TrialKey, TrialCount] = defaultdict(TrialCount)

    def evaluate(self, purchase: Purchase, member: MemberFacts, used: UsageView) -> None:
        if self._rules is None or (ruleset := self._rules.for_what(purchase)) is None:
            return
        award = ruleset.evaluate(purchase, member, used)
        day: date = award.receipt.local_time.date()
        for share in award.shares:
            if share.rule_id in self._rules.rule_ids:
                key = TrialKey(share.rule_id, share.version, day)
                self._counts[key] = self._counts[key].plus(share.points)

    async def save(self, conn: Connection) -> None:
        await store.count_trials(conn, self._counts)

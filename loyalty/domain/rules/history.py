"""Purchases one after the other, as they were processed: what each earns, with every counter as it stands by then."""

from collections import ChainMap
from uuid import UUID

from loyalty.domain.award import Award, Counter, UsageKey
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.ruleset import Ruleset


class History:
    """The counters of limited rules, in memory. Rules may change on the way: counters belong to rules, not to sets."""

    def __init__(self) -> None:
        self._of_members: dict[UUID, dict[UsageKey, int]] = {}
        self._budgets: dict[UsageKey, int] = {}

    def award(self, ruleset: Ruleset, member_id: UUID, purchase: Purchase, member: MemberFacts) -> Award:
        """What the next purchase earns; its limits are used up by it. Raises UnknownCurrency."""
        if not ruleset.is_limited:
            return ruleset.evaluate(purchase, member, {})
        of_member = self._of_members.setdefault(member_id, {})
        awarded = ruleset.evaluate(purchase, member, ChainMap(of_member, self._budgets))
        for key, points in awarded.usage_changes:
            counters = of_member if key.counter is Counter.MEMBER else self._budgets
            counters[key] = counters.get(key, 0) + points
        return awarded

"""Purchases one after the other, as they were processed: what each earns, with every counter as it stands by then."""

from collections import ChainMap
from uuid import UUID

from loyalty.domain.award import Award, Counter, UsageChange, UsageKey
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.limits import Returned, given_back
from loyalty.domain.rules.ruleset import Ruleset


class History:
    """The counters of limited rules, in memory. Rules may change on the way: counters belong to rules, not to sets."""

    def __init__(self) -> None:
        self._of_members: dict[UUID, dict[UsageKey, int]] = {}
        self._budgets: dict[UsageKey, int] = {}
        self._counted: dict[UUID, tuple[UUID, tuple[UsageChange, ...]]] = {}

    def award(
        self,
        ruleset: Ruleset,
        member_id: UUID,
        purchase: Purchase,
        member: MemberFacts,
        to_be_refunded: UUID | None = None,
    ) -> Award:
        """What the next purchase earns; its limits are used up by it. Raises UnknownCurrency.

        Give its id when it will be refunded: then what it used up is kept in mind for `give_back`.
        """
        if not ruleset.is_limited:
            return ruleset.evaluate(purchase, member, {})
        of_member = self._of_members.setdefault(member_id, {})
        awarded = ruleset.evaluate(purchase, member, ChainMap(of_member, self._budgets))
        for key, points in awarded.usage_changes:
            self._count(member_id, key, points)
        if to_be_refunded is not None and awarded.usage_changes:
            self._counted[to_be_refunded] = member_id, awarded.usage_changes
        return awarded

    def give_back(self, transaction_id: UUID, returned: Returned) -> None:
        """The purchase was refunded: its limits get back as much as the member gave back."""
        member_id, changes = self._counted.get(transaction_id, (transaction_id, ()))
        for key, points in changes:
            self._count(member_id, key, -given_back(points, returned))

    def _count(self, member_id: UUID, key: UsageKey, points: int) -> None:
        counters = self._of_members[member_id] if key.counter is Counter.MEMBER else self._budgets
        counters[key] = counters.get(key, 0) + points

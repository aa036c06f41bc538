"""Members as they were when each of their purchases was awarded, met in the order of the awards."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

from loyalty.domain.purchase import MemberFacts
from loyalty.store.database import Record
from loyalty.store.history import RulesetOfOld, TierChanges


class PastMembers:
    """Give it every award once, in order: it counts the purchases that came before."""

    def __init__(self, tier_changes: TierChanges) -> None:
        self._tier_changes = tier_changes
        self._purchases: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return len(self._purchases)

    def next(self, row: Record, rules: RulesetOfOld | None) -> MemberFacts:
        """What was known of the member at this award; a tier of which nothing is known multiplies by 1."""
        before = self._purchases[row["member_id"]]
        self._purchases[row["member_id"]] = before + 1
        return self.at(row, rules, before)

    def at(self, row: Record, rules: RulesetOfOld | None, purchases_before: int = 0) -> MemberFacts:
        """The same for an award that is not of a purchase, and counts for none."""
        member_id = row["member_id"]
        tier = self._tier_at(member_id, row["wallet_version"], row["tier_code"])
        multiplier = rules.multipliers.get(tier, Decimal(1)) if rules else Decimal(1)
        return MemberFacts(row["joined_at"], purchases_before, tier, multiplier, row["birth_date"])

    def _tier_at(self, member_id: UUID, wallet_version: int, tier_now: str) -> str:
        changes = self._tier_changes.get(member_id)
        if not changes:
            return tier_now
        tier = changes[0][1]
        for changed_at_version, _, to_code in changes:
            if changed_at_version >= wallet_version:
                break
            tier = to_code
        return tier

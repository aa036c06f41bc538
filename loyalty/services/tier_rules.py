"""The ladder and how members move on it, as the program has them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty.domain.tiers import Downgrade, Ladder, Measure, QualifyingPeriod, Tier, TierPolicy, ladder
from schemas.admin import program as schema
from schemas.admin.program import TierQualification


@dataclass(frozen=True, slots=True)
class TierRules:
    """Thresholds are in the policy's measure. Without a policy members stay in the tier they were put in."""

    ladder: Ladder
    policy: TierPolicy | None
    zone: ZoneInfo

    @property
    def moves(self) -> bool:
        """Whether there is anywhere to move to."""
        return self.policy is not None and len(self.ladder.tiers) > 1

    def multiplier(self, code: str) -> Decimal:
        """Raises KeyError for a tier that is not on the ladder."""
        return self.ladder.tier(code).multiplier


def tier_rules(tiers: Sequence[schema.Tier], qualification: TierQualification | None, time_zone: str) -> TierRules:
    """Raises ValueError for a ladder that is none."""
    policy = None if qualification is None else _policy(qualification)
    by_spend = policy is not None and policy.measure is Measure.SPEND
    return TierRules(ladder(_step(tier, by_spend=by_spend) for tier in tiers), policy, ZoneInfo(time_zone))


def _policy(qualification: TierQualification) -> TierPolicy:
    return TierPolicy(
        Measure(qualification.measure),
        QualifyingPeriod(qualification.period),
        qualification.grace_days,
        Downgrade(qualification.downgrade),
    )


def _step(tier: schema.Tier, *, by_spend: bool) -> Tier:
    threshold = tier.threshold_spend_minor if by_spend else tier.threshold_points
    return Tier(tier.code, tier.name, tier.rank, threshold, tier.multiplier)

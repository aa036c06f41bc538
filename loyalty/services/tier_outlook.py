"""A member's tier as the member sees it: how far the next one is, and what it takes to keep this one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from loyalty.domain.money import from_minor
from loyalty.domain.tiers import Measure, Risk, Standing, TierPolicy, climbing, risk
from loyalty.services.rulesets import read_tier_rules
from loyalty.services.tier_book import measured
from loyalty.services.tier_rules import TierRules
from loyalty.store import program as programs
from loyalty.store import tiers as store
from loyalty.store.database import Connection, Record
from loyalty.store.tiers import Amounts
from schemas.customer import TierOutlook, TierStanding


async def view_standings(conn: Connection, rows: Sequence[Record]) -> dict[UUID, TierStanding]:
    """The standing of the member of each balance's row, in a program that moves members between tiers."""
    rules, member_ids = await read_tier_rules(conn), [row["member_id"] for row in rows]
    months, graces = await store.read_months(conn, member_ids), await store.read_graces(conn, member_ids)
    currency = (await programs.get_program(conn)).currency
    return {
        member_id: _standing(rules, row, months.get(member_id, {}), graces.get(member_id), currency)
        for member_id, row in zip(member_ids, rows, strict=True)
    }


def _standing(
    rules: TierRules, row: Record, months: Mapping[date, Amounts], grace: datetime | None, currency: str
) -> TierStanding:
    policy = rules.policy
    assert policy is not None, "a program that moves members has a policy"
    counted = {month: measured(policy, amounts) for month, amounts in months.items()}
    today = row["as_of"].astimezone(rules.zone).date()
    climbed = climbing(policy.period, counted, today)
    progress = rules.ladder.progress(row["tier_code"], climbed)
    threat = risk(rules.ladder, policy, Standing(row["tier_code"], grace), counted, row["as_of"], rules.zone)
    return TierStanding(
        code=progress.tier.code,
        name=progress.tier.name,
        next=progress.next and progress.next.code,
        next_name=progress.next and progress.next.name,
        points_to_next=progress.points_to_next if policy.measure is Measure.POINTS else None,
        benefits=row["tier_benefits"],
        outlook=_outlook(policy, climbed, progress.points_to_next, threat, currency),
    )


def _outlook(policy: TierPolicy, counted: int, to_next: int | None, threat: Risk | None, currency: str) -> TierOutlook:
    def told(amount: int) -> str:
        return str(amount) if policy.measure is Measure.POINTS else from_minor(amount, currency)

    return TierOutlook(
        measure=policy.measure.value,
        period=policy.period.value,
        currency=None if policy.measure is Measure.POINTS else currency,
        counted=told(counted),
        to_next=None if to_next is None else told(to_next),
        at_risk=threat is not None,
        to_keep=threat and told(threat.missing),
        keep_by=threat and threat.keep_by,
    )

"""A member's tier as the member sees it: how far the next one is, and what it takes to keep this one."""

from loyalty.domain.money import from_minor
from loyalty.domain.tiers import Measure, Risk, Standing, TierPolicy, climbing, risk
from loyalty.services.rulesets import read_tier_rules
from loyalty.services.tier_book import measured
from loyalty.store import program as programs
from loyalty.store import tiers as store
from loyalty.store.database import Connection, Record
from schemas.customer import TierOutlook, TierStanding


async def view_standing(conn: Connection, row: Record) -> TierStanding:
    """The standing of the member of a balance's row, in a program that moves members between tiers."""
    rules, member_id = await read_tier_rules(conn), row["member_id"]
    policy = rules.policy
    assert policy is not None, "a program that moves members has a policy"
    months = (await store.read_months(conn, [member_id])).get(member_id, {})
    counted = {month: measured(policy, amounts) for month, amounts in months.items()}
    graces = await store.read_graces(conn, [member_id])
    today = row["as_of"].astimezone(rules.zone).date()
    climbed = climbing(policy.period, counted, today)
    progress = rules.ladder.progress(row["tier_code"], climbed)
    standing = Standing(row["tier_code"], graces.get(member_id))
    threat = risk(rules.ladder, policy, standing, counted, row["as_of"], rules.zone)
    currency = (await programs.get_program(conn)).currency
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
        counted=told(counted),
        to_next=None if to_next is None else told(to_next),
        at_risk=threat is not None,
        to_keep=threat and told(threat.missing),
        keep_by=threat and threat.keep_by,
    )

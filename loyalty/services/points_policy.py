"""What the program promises about its points: kept as one document, changed as a whole.

Changes of when points become available or expire are part of what a purchase earns, so they make a new version of the
rules, which every receipt names.
"""

from loyalty.clock import Clock
from loyalty.domain.terms import Expiry, ExpiryMode, PointsTerms
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import program as store
from loyalty.store.database import Connection
from schemas.admin import points_policy as schema
from schemas.admin.points_policy import PointsPolicy


async def replace_points_policy(conn: Connection, command: PointsPolicy, actor: Actor, clock: Clock) -> PointsPolicy:
    """Stores the whole policy, as it will apply from now on."""
    before = (await store.lock_program(conn)).points
    if command == before:
        return before
    await store.save_points_policy(conn, command)
    if terms_of(command) != terms_of(before):
        await store.raise_ruleset_version(conn)
    await record_change(conn, Change("points_policy.replaced", "program", "program", before, command), actor, clock())
    return command


def terms_of(policy: PointsPolicy) -> PointsTerms:
    """What of the policy a purchase's points are given under."""
    return PointsTerms(policy.pending_days, _expiry(policy.expiry))


def _expiry(expiry: schema.Expiry) -> Expiry:
    mode = ExpiryMode(expiry.mode)
    match expiry:
        case schema.MonthsExpiry(months=months) | schema.RollingExpiry(months=months):
            return Expiry(mode, months=months)
        case schema.FixedDayExpiry(month_day=month_day, years=years):
            month, day = map(int, month_day.split("-"))
            return Expiry(mode, month=month, day=day, years=years)
        case schema.EndOfYearExpiry(years=years):
            return Expiry(mode, years=years)
        case _:
            return Expiry()

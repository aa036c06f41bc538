"""Liability, rollforward, expiry calendar, rates and cohorts. Each reconciles to the ledger, or is refused.

All of a report is read in one snapshot: each service must be the first in its transaction. They read the whole journal,
from the first entry on: a few tenths of a second for a million entries; on larger ones, on a replica.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from loyalty.clock import Clock
from loyalty.domain.ledger import Account
from loyalty.domain.rollforward import Line, Rollforward, roll_forward
from loyalty.errors import Conflict, having
from loyalty.services.reporting import Days, days_wanted, span_of, value_of
from loyalty.store import financial_reports as store
from loyalty.store import program as programs
from loyalty.store.database import Connection
from loyalty.store.reports import Span, read_one_snapshot
from schemas.admin.financial_reports import (
    Cohort,
    Cohorts,
    ExpiryCalendar,
    ExpiryMonth,
    Liability,
    Rates,
    RollforwardLine,
    RollforwardReport,
)
from schemas.admin.program import Program
from schemas.admin.reports import DateRange

ALWAYS = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "UTC")
RATE_UNIT = Decimal("0.0001")


class ReportDoesNotReconcile(Conflict):
    """The books do not add up, so there is no report: run `laurel ledger verify`. `findings` says what is wrong."""

    code = "report_does_not_reconcile"
    members = having(findings=list[str])


async def report_liability(conn: Connection, clock: Clock) -> Liability:
    """What the program owes now. Raises ReportDoesNotReconcile."""
    await read_one_snapshot(conn)
    program, now = await programs.get_program(conn), clock()
    totals, members = await store.wallet_totals(conn)
    rolled = await _rolled(conn, ALWAYS, totals)
    points = sum(totals.values())
    breakage = _rate(-rolled.lines[Line.EXPIRED], rolled.lines[Line.ISSUED])
    return Liability(
        as_of=now,
        members=members,
        available_points=totals[Account.MEMBER_AVAILABLE],
        pending_points=totals[Account.MEMBER_PENDING],
        held_points=totals[Account.MEMBER_HELD],
        owed_points=-totals[Account.MEMBER_OWED],
        points=points,
        value=value_of(points, program),
        breakage_rate=breakage,
        value_less_breakage=value_of(points * (1 - Decimal(breakage or 0)), program),
        point_value=program.point_value,
        currency=program.currency,
    )


async def report_rollforward(conn: Connection, wanted: DateRange, clock: Clock) -> RollforwardReport:
    """What moved members' points over a range of days. Raises Invalid, ReportDoesNotReconcile."""
    await read_one_snapshot(conn)
    program, now = await programs.get_program(conn), clock()
    days, rolled = await _rolled_over(conn, wanted, program, now)
    return RollforwardReport(
        from_day=days.first,
        to_day=days.last,
        time_zone=program.time_zone,
        as_of=now,
        opening_points=rolled.opening,
        lines=[RollforwardLine(line=line.value, points=points) for line, points in rolled.lines.items()],
        closing_points=rolled.closing,
        opening_value=value_of(rolled.opening, program),
        closing_value=value_of(rolled.closing, program),
        point_value=program.point_value,
        currency=program.currency,
    )


async def report_expiry(conn: Connection, clock: Clock) -> ExpiryCalendar:
    """When members' points expire. Raises ReportDoesNotReconcile."""
    await read_one_snapshot(conn)
    program = await programs.get_program(conn)
    totals, _ = await store.wallet_totals(conn)
    found = await store.points_by_expiry(conn, program.time_zone)
    pending = sum(part.points for part in found if part.pending)
    available = sum(part.points for part in found if not part.pending)
    _demand_equal("available points", totals[Account.MEMBER_AVAILABLE], "in lots", available)
    _demand_equal("pending points", totals[Account.MEMBER_PENDING], "in lots", pending)
    months = [
        ExpiryMonth(month=part.month, points=part.points, value=value_of(part.points, program))
        for part in found
        if part.month is not None and not part.pending
    ]
    return ExpiryCalendar(
        as_of=clock(),
        time_zone=program.time_zone,
        months=months,
        never_points=available - sum(month.points for month in months),
        pending_points=pending,
        points=available + pending,
        point_value=program.point_value,
        currency=program.currency,
    )


async def report_rates(conn: Connection, wanted: DateRange, clock: Clock) -> Rates:
    """How much of what was issued is redeemed, and how much expires. Raises Invalid, ReportDoesNotReconcile."""
    await read_one_snapshot(conn)
    program = await programs.get_program(conn)
    days, rolled = await _rolled_over(conn, wanted, program, clock())
    return Rates(
        from_day=days.first,
        to_day=days.last,
        time_zone=program.time_zone,
        **_flows(rolled.lines),
    )


async def report_cohorts(conn: Connection, clock: Clock) -> Cohorts:
    """What became of the points of those who joined in the same month. Raises ReportDoesNotReconcile."""
    await read_one_snapshot(conn)
    program = await programs.get_program(conn)
    totals, _ = await store.wallet_totals(conn)
    rolled = await _rolled(conn, ALWAYS, totals)
    lines = await store.lines_by_cohort(conn, program.time_zone)
    cohorts = [
        Cohort(
            month=cohort.month,
            members=cohort.members,
            earning_members=cohort.earning,
            redeeming_members=cohort.redeeming,
            points=cohort.points,
            **_flows({line: lines.get((cohort.month, line), 0) for line in Line}),
        )
        for cohort in await store.members_by_cohort(conn, program.time_zone)
    ]
    for line in Line:
        by_cohort = sum(points for (_, of), points in lines.items() if of is line)
        _demand_equal(f"points {line}", rolled.lines[line], "of all cohorts", by_cohort)
    _demand_equal("points held", sum(totals.values()), "by all cohorts", sum(cohort.points for cohort in cohorts))
    return Cohorts(as_of=clock(), time_zone=program.time_zone, cohorts=cohorts)


async def _rolled_over(
    conn: Connection, wanted: DateRange, program: Program, now: datetime
) -> tuple[Days, Rollforward]:
    days = days_wanted(wanted, now.astimezone(ZoneInfo(program.time_zone)).date())
    totals, _ = await store.wallet_totals(conn)
    return days, await _rolled(conn, span_of(days, program.time_zone), totals)


async def _rolled(conn: Connection, span: Span, totals: Mapping[Account, int]) -> Rollforward:
    rolled = roll_forward(await store.movements(conn, span), totals)
    if not isinstance(rolled, Rollforward):
        _refuse(rolled)
    return rolled


def _demand_equal(what: str, points: int, other: str, other_points: int) -> None:
    if points != other_points:
        _refuse([f"{what}: {points}, {other}: {other_points}"])


def _refuse(findings: Sequence[str]) -> NoReturn:
    raise ReportDoesNotReconcile(findings=list(findings))


def _flows(lines: Mapping[Line, int]) -> dict[str, Any]:
    issued, expired = lines[Line.ISSUED], -lines[Line.EXPIRED]
    redeemed = -lines[Line.REDEEMED] - lines[Line.RESTORED]
    return {
        "issued_points": issued,
        "redeemed_points": redeemed,
        "expired_points": expired,
        "redemption_rate": _rate(redeemed, issued),
        "breakage_rate": _rate(expired, issued),
    }


def _rate(part: int, whole: int) -> str | None:
    return f"{(Decimal(part) / whole).quantize(RATE_UNIT, ROUND_HALF_EVEN):f}" if whole else None

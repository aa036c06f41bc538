"""Reports, computed from the ledger and reconciled with it.

What members held when the range began is what they hold now less all that was booked since: the wallets are read once
and the ledger only from the first day of the range on, however long it is. `laurel ledger verify` proves that wallets
and ledger agree, so both ways of counting do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from loyalty.clock import Clock
from loyalty.domain.money import exponent_of
from loyalty.errors import Invalid
from loyalty.store import program as programs
from loyalty.store import reports
from loyalty.store.database import Connection
from loyalty.store.reports import Span
from schemas.admin.program import Program
from schemas.admin.reports import MAX_REPORT_DAYS, DateRange, DayFigures, Overview, PointsMoved, PreviousRange

DEFAULT_DAYS = 30
ONE_DAY = timedelta(days=1)
NOTHING_MOVED = PointsMoved(issued=0, redeemed=0, adjusted=0, reversed=0, expired=0)


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + ONE_DAY * n for n in range((self.last - self.first).days + 1))


async def report_overview(conn: Connection, wanted: DateRange, clock: Clock) -> Overview:
    """The program over a range of days. Must be the first in its transaction: it reads one snapshot. Raises Invalid."""
    await reports.read_one_snapshot(conn)
    program, now = await programs.get_program(conn), clock()
    days = days_wanted(wanted, now.astimezone(ZoneInfo(program.time_zone)).date())
    before = days_before(days)
    span, of_both = span_of(days, program.time_zone), span_of(Days(before.first, days.last), program.time_zone)
    holdings = await reports.holdings_now(conn)
    closing_points = holdings.points - await reports.points_moved_since(conn, span.ends_at)
    active = await reports.members_active(conn, of_both, days.first)
    by_day = await _figures_by_day(conn, of_both, active.by_day)
    figures = [by_day(day) for day in days]
    moved = _sum_moved(figures)
    opening_points = closing_points - _change(moved)
    return Overview(
        from_day=days.first,
        to_day=days.last,
        time_zone=program.time_zone,
        as_of=now,
        opening_points=opening_points,
        moved=moved,
        closing_points=closing_points,
        outstanding_points=holdings.points,
        outstanding_value=value_of(holdings.points, program),
        point_value=program.point_value,
        currency=program.currency,
        members=holdings.members,
        transactions=sum(day.transactions for day in figures),
        members_active=active.in_range,
        redemptions=await reports.redemptions_by_outcome(conn, span),
        days=figures,
        previous=_previous(before, [by_day(day) for day in before], opening_points, active.before),
    )


def _previous(days: Days, figures: Sequence[DayFigures], closing_points: int, members_active: int) -> PreviousRange:
    moved = _sum_moved(figures)
    return PreviousRange(
        from_day=days.first,
        to_day=days.last,
        opening_points=closing_points - _change(moved),
        moved=moved,
        closing_points=closing_points,
        transactions=sum(day.transactions for day in figures),
        members_joined=sum(day.members_joined for day in figures),
        members_active=members_active,
        redemptions_completed=sum(day.redemptions_completed for day in figures),
    )


def days_wanted(wanted: DateRange, today: date) -> Days:
    """The range asked for; today is the program's. Raises Invalid for one that is empty, too long or not to be had."""
    last = wanted.to_day or today
    try:
        first = wanted.from_day or last - ONE_DAY * (DEFAULT_DAYS - 1)
        last + ONE_DAY
    except OverflowError:
        raise Invalid([("/to", "This day is outside the calendar")]) from None
    if first > last:
        raise Invalid([("/from", f"The range ends before it begins: on {last}")])
    if (last - first).days >= MAX_REPORT_DAYS:
        raise Invalid([("/from", f"A report covers at most {MAX_REPORT_DAYS} days")])
    return Days(first, last)


def days_before(days: Days) -> Days:
    """As many days, right before. Raises Invalid at the beginning of the calendar."""
    try:
        return Days(days.first - (days.last - days.first) - ONE_DAY, days.first - ONE_DAY)
    except OverflowError:
        raise Invalid([("/from", "The range before it is outside the calendar")]) from None


def span_of(days: Days, time_zone: str) -> Span:
    """From the first midnight of the first day to that after the last. Raises Invalid at the ends of the calendar."""
    return Span(_midnight(days.first, time_zone), _midnight(days.last + ONE_DAY, time_zone), time_zone)


def _midnight(day: date, time_zone: str) -> datetime:
    local = datetime.combine(day, time(), ZoneInfo(time_zone))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise Invalid([("/from", "This day is outside the calendar")]) from None


async def _figures_by_day(conn: Connection, span: Span, active: Mapping[date, int]) -> Callable[[date], DayFigures]:
    moved = await reports.points_moved_by_day(conn, span)
    transactions = await reports.transactions_by_day(conn, span)
    joined = await reports.members_joined_by_day(conn, span)
    completed = await reports.redemptions_completed_by_day(conn, span)

    def figures_of(day: date) -> DayFigures:
        return DayFigures(
            day=day,
            transactions=transactions.get(day, 0),
            members_joined=joined.get(day, 0),
            members_active=active.get(day, 0),
            redemptions_completed=completed.get(day, 0),
            **dict(moved.get(day, NOTHING_MOVED)),
        )

    return figures_of


def _sum_moved(several: Sequence[PointsMoved]) -> PointsMoved:
    return PointsMoved(**{name: sum(getattr(one, name) for one in several) for name in PointsMoved.model_fields})


def _change(moved: PointsMoved) -> int:
    return moved.issued - moved.redeemed + moved.adjusted - moved.reversed - moved.expired


def value_of(points: int | Decimal, program: Program) -> str:
    """What points are worth in the program's currency, rounded half to even."""
    unit = Decimal(1).scaleb(-exponent_of(program.currency))
    return f"{(points * program.point_value).quantize(unit, ROUND_HALF_EVEN):f}"

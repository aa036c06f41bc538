"""A report's days: whatever the time zone, they follow each other without a gap and without an overlap."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import Invalid
from loyalty.services.reporting import Days, days_wanted, span_of
from schemas.admin.reports import MAX_REPORT_DAYS, DateRange

ZONES = st.sampled_from(sorted(available_timezones()))
DAYS = st.dates(date(1980, 1, 1), date(2100, 1, 1))
TODAY = date(2026, 3, 29)


@given(zone=ZONES, first=DAYS, length=st.integers(0, 30))
def test_days_make_up_the_range_exactly(zone: str, first: date, length: int) -> None:
    days = Days(first, first + timedelta(days=length))
    each = [span_of(Days(day, day), zone) for day in days]
    whole = span_of(days, zone)
    assert (each[0].starts_at, each[-1].ends_at) == (whole.starts_at, whole.ends_at)
    assert all(before.ends_at == after.starts_at for before, after in itertools.pairwise(each))
    assert all(span.starts_at <= span.ends_at for span in each)


@given(zone=ZONES, utc_day=DAYS, utc_time=st.times())
def test_an_instant_belongs_to_its_local_day(zone: str, utc_day: date, utc_time: time) -> None:
    moment = datetime.combine(utc_day, utc_time, UTC)
    day = moment.astimezone(ZoneInfo(zone)).date()
    span = span_of(Days(day, day), zone)
    # Where a day began twice (clocks went back over midnight), the first beginning counts.
    assert span.starts_at <= moment
    assert moment < span.ends_at or moment.astimezone(ZoneInfo(zone)).fold == 1


def test_clocks_that_change_make_short_and_long_days() -> None:
    short = span_of(Days(TODAY, TODAY), "Europe/London")
    long = span_of(Days(date(2026, 10, 25), date(2026, 10, 25)), "Europe/London")
    assert short.ends_at - short.starts_at == timedelta(hours=23)
    assert long.ends_at - long.starts_at == timedelta(hours=25)


def test_what_is_left_out_is_thirty_days_up_to_today() -> None:
    assert days_wanted(DateRange(), TODAY) == Days(date(2026, 2, 28), TODAY)
    assert days_wanted(DateRange.model_validate({"from": "2026-03-01"}), TODAY) == Days(date(2026, 3, 1), TODAY)


def test_a_range_has_a_limit() -> None:
    first = TODAY - timedelta(days=MAX_REPORT_DAYS - 1)
    assert len(list(days_wanted(DateRange.model_validate({"from": str(first)}), TODAY))) == MAX_REPORT_DAYS
    with pytest.raises(Invalid):
        days_wanted(DateRange.model_validate({"from": str(first - timedelta(days=1))}), TODAY)

"""Periods that limits count in, by the calendar of the program's time zone."""

from datetime import date
from enum import StrEnum
from functools import lru_cache


class Period(StrEnum):
    """Weeks are those of ISO 8601: they begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    EVER = "ever"


@lru_cache(maxsize=4_096)
def period_key(period: Period, day: date) -> str:
    """The name of the period that `day` is in: "2017-03-05", "2017-W09", "2017-03", "2017" or "ever"."""
    match period:
        case Period.DAY:
            return day.isoformat()
        case Period.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case Period.MONTH:
            return day.isoformat()[:7]
        case Period.YEAR:
            return day.isoformat()[:4]
        case Period.EVER:
            return "ever"

"""Figures from the ledger."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from schemas.admin.program import PointValue
from schemas.common import Answered, CurrencyCode, DecimalString, Requested, UtcTime
from schemas.events import RejectionReason

MAX_REPORT_DAYS = 400


def _check_day(value: object) -> object:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("give a day, such as 2026-03-01")
    return value


DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Day = Annotated[date, BeforeValidator(_check_day)]


class DateRange(Requested):
    """Days of the program's time zone, both included. Without them: the last 30 days."""

    model_config = ConfigDict(strict=False)

    from_day: Day | None = Field(None, alias="from", description="the first day")
    to_day: Day | None = Field(None, alias="to", description="the last day; today when left out")


class PointsMoved(Answered):
    """Points by what moved them. `adjusted` is negative when more was taken than given; the others never are."""

    issued: int
    redeemed: int
    adjusted: int
    reversed: int
    expired: int


class DayFigures(PointsMoved):
    """One day of the program's time zone."""

    day: date
    transactions: int
    members_joined: int
    members_active: int = Field(description="who bought, asked for a reward, or did what a merchant told of")
    redemptions_completed: int


class PreviousRange(Answered):
    """As many days, right before the range: for comparison. Its closing_points are the range's opening_points."""

    from_day: date = Field(serialization_alias="from")
    to_day: date = Field(serialization_alias="to")
    opening_points: int
    moved: PointsMoved
    closing_points: int
    transactions: int
    members_joined: int
    members_active: int
    redemptions_completed: int


class RedemptionOutcome(Answered):
    """How many redemptions ended so."""

    status: Literal["pending", "reserved", "completed", "rejected", "cancelled"]
    reason: RejectionReason | None
    count: int


class Overview(Answered):
    """opening_points + issued - redeemed + adjusted - reversed - expired = closing_points, exactly."""

    from_day: date = Field(serialization_alias="from")
    to_day: date = Field(serialization_alias="to")
    time_zone: str
    as_of: UtcTime
    opening_points: int = Field(description="what members held when the first day began")
    moved: PointsMoved
    closing_points: int = Field(description="what members held when the last day ended, or now")
    outstanding_points: int = Field(description="what members hold now")
    outstanding_value: DecimalString = Field(description="outstanding_points at point_value, rounded to the currency")
    point_value: PointValue
    currency: CurrencyCode
    members: int = Field(description="now")
    transactions: int = Field(description="recorded in the range")
    members_active: int = Field(description="in the range, each member once")
    redemptions: list[RedemptionOutcome] = Field(description="requested in the range, by outcome")
    days: list[DayFigures]
    previous: PreviousRange

"""Reports that a bookkeeper works with. Each reconciles to the ledger to the last point, or is refused."""

from datetime import date
from typing import Annotated

from pydantic import Field

from schemas.admin.program import PointValue
from schemas.common import Answered, CurrencyCode, DecimalString, UtcTime
from schemas.patterns import described

Rate = Annotated[str, Field(description="a share as a decimal string, four decimals", examples=["0.1250"])]
Month = Annotated[
    str, Field(pattern=described(r"^\d{4,}-\d{2}$", "a year and a month, such as 2026-03"), examples=["2026-03"])
]


class Money(Answered):
    """What points are worth: at point_value each, rounded half to even."""

    point_value: PointValue
    currency: CurrencyCode


class Liability(Money):
    """What the program owes its members now: points = available + pending + held - owed."""

    as_of: UtcTime
    members: int
    available_points: int
    pending_points: int
    held_points: int = Field(description="set aside for redemptions that are not decided")
    owed_points: int = Field(description="taken back after they were spent: members owe them")
    points: int
    value: DecimalString
    breakage_rate: Rate | None = Field(description="expired / issued since the first entry; null: nothing was issued")
    value_less_breakage: DecimalString = Field(description="value less the share that breakage_rate says expires")


class RollforwardLine(Answered):
    """`points` is signed: by how much this changed what members hold."""

    line: str = Field(examples=["issued"])
    points: int


class RollforwardReport(Money):
    """opening_points + the points of all lines = closing_points, exactly."""

    from_day: date = Field(serialization_alias="from")
    to_day: date = Field(serialization_alias="to")
    time_zone: str
    as_of: UtcTime
    opening_points: int
    lines: list[RollforwardLine]
    closing_points: int
    opening_value: DecimalString
    closing_value: DecimalString


class ExpiryMonth(Answered):
    """Points that expire in a month of the program's time zone, unless they are spent or move on before."""

    month: Month
    points: int
    value: DecimalString


class ExpiryCalendar(Money):
    """The points of all months + never_points + pending_points = available + pending of all members."""

    as_of: UtcTime
    time_zone: str
    months: list[ExpiryMonth] = Field(description="the soonest first; only months in which points expire")
    never_points: int = Field(description="points that do not expire")
    pending_points: int = Field(description="points that are not available yet")
    points: int


class Rates(Answered):
    """Redemption rate: spent, less what was given back, / issued. Breakage rate: expired / issued."""

    from_day: date = Field(serialization_alias="from")
    to_day: date = Field(serialization_alias="to")
    time_zone: str
    issued_points: int
    redeemed_points: int
    expired_points: int
    redemption_rate: Rate | None = Field(description="null: nothing was issued")
    breakage_rate: Rate | None = Field(description="null: nothing was issued")


class Cohort(Answered):
    """Members who joined in a month of the program's time zone, and what became of their points until now."""

    month: Month
    members: int
    earning_members: int = Field(description="who ever earned")
    redeeming_members: int = Field(description="who ever redeemed")
    issued_points: int
    redeemed_points: int = Field(description="spent, less what was given back")
    expired_points: int
    points: int = Field(description="what they hold now")
    redemption_rate: Rate | None
    breakage_rate: Rate | None


class Cohorts(Answered):
    """By month of joining, the earliest first. The sums over all cohorts are those of the whole ledger."""

    as_of: UtcTime
    time_zone: str
    cohorts: list[Cohort]

"""What the program promises about its points, and what it does when they come back."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.admin.fields import POINTS_LIMIT, Command
from schemas.patterns import described

Months = Annotated[int, Field(ge=1, le=120)]
Years = Annotated[int, Field(ge=0, le=10, description="ends of a period that points live through before the last")]
MonthDay = Annotated[
    str,
    StringConstraints(
        pattern=described(
            r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2\d|3[01])$", "a month and a day with two digits each, such as 01-31"
        )
    ),
    Field(description="MM-DD; not 02-29", examples=["03-31"]),
]
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class NoExpiry(Command):
    """Points never expire."""

    mode: Literal["none"]


class MonthsExpiry(Command):
    """Points expire so many months after the purchase, at the end of that day."""

    mode: Literal["months"]
    months: Months


class FixedDayExpiry(Command):
    """Points expire at the end of a day of the year: the next one after the purchase, or one `years` later."""

    mode: Literal["fixed_day"]
    month_day: MonthDay
    years: Years = 0

    @model_validator(mode="after")
    def _is_in_every_year(self) -> Self:
        month, day = map(int, self.month_day.split("-"))
        if day > _DAYS[month - 1]:
            raise ValueError(f"{self.month_day} is not a day of every year")
        return self


class EndOfYearExpiry(Command):
    """Points expire at the end of the year of the purchase, or of one `years` later."""

    mode: Literal["end_of_year"]
    years: Years = 0


class RollingExpiry(Command):
    """All of a member's points expire when the member has neither earned nor redeemed for so many months."""

    mode: Literal["rolling"]
    months: Months


Expiry = Annotated[
    NoExpiry | MonthsExpiry | FixedDayExpiry | EndOfYearExpiry | RollingExpiry, Field(discriminator="mode")
]


class Transfers(Command):
    """Whether members may give each other points, and how many. null: no limit."""

    enabled: bool = False
    minimum_points: Annotated[int, Field(ge=1, le=POINTS_LIMIT)] = 1
    points_per_month: Annotated[int, Field(ge=1, le=POINTS_LIMIT)] | None = Field(
        None, description="what a member may give in a month of the program's time zone"
    )


class PointsPolicy(Command):
    """The terms of points. Points keep the terms they were earned under; all else counts from now on.

    A refund takes points back that are still pending (`only_pending`), besides them what the member has
    (`within_balance`), or all of them, also those already spent, which the member then owes (`unlimited`).
    Points given back to a lot that has expired meanwhile expire at once (`expired_lot_grace_days` null) or live on for
    so many days.
    """

    pending_days: Annotated[int, Field(ge=0, le=365)] = 0
    expiry: Expiry = Field(default_factory=lambda: NoExpiry(mode="none"))
    refund_policy: Literal["only_pending", "within_balance", "unlimited"] = "within_balance"
    hold_at_request: bool = Field(False, description="a reward asked for holds its points until it is decided")
    expired_lot_grace_days: Annotated[int, Field(ge=1, le=365)] | None = None
    transfers: Transfers = Field(default_factory=Transfers)

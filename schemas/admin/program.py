"""The program's own settings and its tiers."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, PlainSerializer, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.admin.fields import Code, Command, Points, ShortText, omitted
from schemas.admin.points_policy import PointsPolicy
from schemas.common import Answered, CurrencyCode

Rounding = Literal["down", "half_up", "up"]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _from_text(value: object) -> object:
    """Decimals come as strings; a strict model would take none behind a validator of its own."""
    if isinstance(value, Decimal):
        return value
    try:
        if isinstance(value, str):
            return Decimal(value)
    except InvalidOperation:
        pass
    raise ValueError('give a decimal as a string, such as "1.25"')


class _DecimalText:
    """Shows clients a decimal as what it is in JSON: a string."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,6})?$", "examples": ["1.25"]}


_AS_TEXT = (BeforeValidator(_from_text), PlainSerializer(_plain, return_type=str), _DecimalText)

Multiplier = Annotated[Decimal, Field(gt=0, le=1_000, decimal_places=4), *_AS_TEXT]
"""A factor as a decimal string; at most 4 decimals."""
PointValue = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6), *_AS_TEXT]
"""What one point is worth in the program's currency, as a decimal string; at most 6 decimals."""


class Program(Answered):
    """The program's settings."""

    name: str
    currency: CurrencyCode
    time_zone: str = Field(examples=["Europe/London"])
    rounding: Rounding
    point_value: PointValue
    points: PointsPolicy = Field(description="what the program promises about its points: PUT /program/points")
    ruleset_version: int = Field(description="counts every change that alters what a purchase earns")


class ProgramPatch(Command):
    """Fields left out stay as they are. The currency is fixed once a purchase has been recorded."""

    name: ShortText = Field(default_factory=omitted)
    currency: CurrencyCode = Field(default_factory=omitted)
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(default_factory=omitted)
    rounding: Rounding = Field(default_factory=omitted)
    point_value: PointValue = Field(default_factory=omitted)


class Tier(Command):
    """A step of the ladder. `multiplier` multiplies every award of its members."""

    code: Code
    name: ShortText
    rank: Annotated[int, Field(ge=0, le=1_000)]
    threshold_points: Points
    threshold_spend_minor: Points = Field(
        0, description="in minor units of the program's currency; counts when `qualification` measures spend"
    )
    multiplier: Multiplier = Decimal(1)
    benefits: Annotated[list[ShortText], Field(max_length=50)] = Field(default_factory=list)


class TierQualification(Command):
    """How members come to a tier and leave it: docs/tiers.md tells it with examples."""

    measure: Literal["points", "spend"] = Field("points", description="points earned on purchases, or money spent")
    period: Literal["lifetime", "calendar_year", "rolling_12_months"] = Field(
        "lifetime", description="in months of the program's calendar; a calendar year holds to the end of the next"
    )
    grace_days: Annotated[int, Field(ge=0, le=1_000)] = Field(0, description="before a tier is lost")
    downgrade: Literal["never", "one_step", "to_qualified"] = "to_qualified"


class Tiers(Command):
    """The whole ladder, lowest rank first. The tier `base` is where members begin, at 0 points.

    Without `qualification` members stay in the tier they are in.
    """

    tiers: Annotated[list[Tier], Field(min_length=1, max_length=50)]
    qualification: TierQualification | None = None

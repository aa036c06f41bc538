"""Earning rules. loyalty.domain is the authority on what a definition may say; the models here describe it to clients.

A definition in a request is taken as it came and read by loyalty.domain's parse_rule, which names every mistake by its
place; that is why NewRule is an open object whose published schema is RuleDefinition's.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, RootModel, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.admin.custom_events import EventCode
from schemas.admin.fields import POINTS_LIMIT, Command
from schemas.admin.lists import ListQuery
from schemas.common import Answered, CurrencyCode, Page, UtcTime
from schemas.customer import ITEMS_LIMIT, Amount, NewItem, ReceiptSteps, RequestedTime
from schemas.events import EventFields
from schemas.patterns import described


class _DecimalOrNumber:
    """Shown as a decimal string; a request may also give a JSON number, which counts as it is written."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text = {"type": "string", "pattern": r"^[0-9]{1,7}(\.[0-9]{1,4})?$", "examples": ["1.5"]}
        number = {"type": "number", "minimum": 0, "maximum": 1_000_000}
        return {"anyOf": [text, number]} if handler.mode == "validation" else text


RuleDecimal = Annotated[str, _DecimalOrNumber]
RulePoints = Annotated[int, Field(ge=1, le=POINTS_LIMIT)]
RuleStatus = Literal["draft", "shadow", "active", "retired"]
"""shadow: on trial, evaluated on every purchase and awarding nothing."""
RuleText = Annotated[str, Field(min_length=1, max_length=200)]


class RulePart(BaseModel):
    """A part of a rule's definition."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ScopeExceptions(RulePart):
    """Lines that are never in the scope."""

    skus: Annotated[list[RuleText], Field(max_length=10_000)] = []
    categories: Annotated[list[RuleText], Field(max_length=10_000)] = []


class RuleScope(RulePart):
    """What a rule looks at."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
    exceptions: ScopeExceptions | None = Field(None, alias="except", exclude_if=lambda value: value is None)


class OrderScope(RuleScope):
    """The whole purchase."""

    type: Literal["order"]


class LineScope(RuleScope):
    """The lines whose category or sku is one of `values`."""

    type: Literal["category", "sku"]
    values: Annotated[list[RuleText], Field(min_length=1, max_length=10_000)]


class Condition(RulePart):
    """`value` is a list for in and not_in. weekday (1 is Monday) and hour are in the program's time zone.

    A rule for events may also ask about `fields.` and the name of one of the event's fields.
    """

    field: (
        Literal[
            "merchant_id",
            "amount",
            "scope_amount",
            "tier",
            "currency",
            "first_purchase",
            "purchase_number",
            "member_age_days",
            "birthday",
            "birthday_month",
            "weekday",
            "hour",
        ]
        | Annotated[
            str,
            Field(
                pattern=described(
                    r"^fields\.[a-z][a-z0-9_.]{0,59}$", "fields. and the field's name, such as fields.stars"
                )
            ),
        ]
    )
    op: Literal["eq", "ne", "in", "not_in", "gte", "lte", "multiple_of"]
    value: str | int | bool | list[str | int | bool]


class PointsPerAmount(RulePart):
    """`points` for every `per` units of the currency, in proportion."""

    type: Literal["points_per_amount"]
    points: RuleDecimal
    per: RuleDecimal


class FixedPoints(RulePart):
    """`points` once for the purchase."""

    type: Literal["fixed"]
    points: RulePoints


class RuleMultiplier(RulePart):
    """Multiplies what the purchase earned by `factor`."""

    type: Literal["multiplier"]
    factor: RuleDecimal


class Window(RulePart):
    """From starts_at (included) to ends_at (excluded); null is open."""

    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None


class MemberLimit(RulePart):
    """At most `points` to one member in one period of the program's calendar."""

    points: RulePoints
    period: Literal["day", "week", "month", "year", "ever"]


class Limits(RulePart):
    """The most points a rule gives: in one transaction, to one member in a period, to all members."""

    points_per_transaction: RulePoints | None = None
    points_per_member: MemberLimit | None = None
    budget_points: RulePoints | None = None


class RuleDefinition(RulePart):
    """What a version of an earning rule says: docs/rules.md tells how rules work together."""

    name: RuleText
    trigger: Literal["transaction.recorded", "event.recorded"] = "transaction.recorded"
    event_type: EventCode | None = Field(
        None,
        description="for the trigger event.recorded: which events",
        exclude_if=lambda value: value is None,
    )
    scope: Annotated[OrderScope | LineScope, Field(discriminator="type")] = OrderScope(type="order")
    conditions: Annotated[list[Condition], Field(max_length=20)] = []
    effect: Annotated[PointsPerAmount | FixedPoints | RuleMultiplier, Field(discriminator="type")]
    window: Window = Window()
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    stackable: bool = True
    limits: Limits = Limits()


class NewRule(RootModel[dict[str, Any]]):
    """A rule's definition, as the client wrote it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"description": cls.__doc__, **handler(RuleDefinition.__pydantic_core_schema__)}


class RuleVersion(Answered):
    """What a rule says, or said."""

    version: int
    definition: RuleDefinition
    created_at: UtcTime
    created_by: UUID | None


class Rule(Answered):
    """A rule is its versions: at most one is active, and a version is never changed."""

    rule_id: UUID
    name: str = Field(description="of the active version, else of the latest")
    status: RuleStatus
    active_version: int | None = Field(description="the version in force, or on trial when the status is shadow")
    latest_version: int
    created_at: UtcTime
    activated_at: UtcTime | None
    retired_at: UtcTime | None
    scheduled_version: int | None = Field(None, description="the version that takes effect at scheduled_at")
    scheduled_at: UtcTime | None = None


class ListedRule(Rule):
    """A rule, and what it says without asking for its versions."""

    definition: RuleDefinition = Field(description="of the active version, else of the latest")


class RulePage(Page[ListedRule]):
    """Rules, the newest first."""


class RuleWithVersions(Rule):
    """A rule and everything it ever said."""

    versions: list[RuleVersion] = Field(description="newest first")


class RuleFilter(ListQuery):
    """Which rules."""

    status: RuleStatus | None = Field(None, description="only rules of this status")


class ActivateRule(Command):
    """Which version to put in force."""

    version: Annotated[int, Field(ge=1)] | None = Field(None, description="the latest when left out")
    at: RequestedTime | None = Field(None, description="in force from then on, a few seconds late at most; else now")


class TryRule(Command):
    """Which version to try."""

    version: Annotated[int, Field(ge=1)] | None = Field(None, description="the latest when left out")


class TrialDay(Answered):
    """What a version of a rule on trial would have given for the purchases of a day of the program's calendar,
    or for the events of its type."""

    version: int
    day: date
    purchases: int
    points: int


class Trial(Answered):
    """What a rule on trial would have given, within limits of its own: they count what the trial would have given."""

    rule_id: UUID
    purchases: int
    points: int
    days: list[TrialDay] = Field(description="the last day first, at most 400")


class SimulatedPurchase(Command):
    """A purchase that is not stored. Its member is `member_id`, else a newcomer of the base tier."""

    member_id: UUID | None = None
    merchant_id: UUID | None = None
    occurred_at: RequestedTime | None = Field(None, description="now when left out")
    amount: Amount
    currency: CurrencyCode
    items: Annotated[list[NewItem], Field(max_length=ITEMS_LIMIT)] = Field(default_factory=list)


class SimulatedEvent(Command):
    """A custom event that is not stored. Its member is `member_id`, else a newcomer of the base tier."""

    event_type: EventCode
    fields: EventFields = Field(default_factory=dict)
    member_id: UUID | None = None
    merchant_id: UUID | None = None
    occurred_at: RequestedTime | None = Field(None, description="now when left out")


class Simulation(Command):
    """What would `transaction`, or `event`, earn under `rules`, or under the active rules when they are left out?"""

    transaction: SimulatedPurchase | None = None
    event: SimulatedEvent | None = None
    rules: Annotated[list[NewRule], Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "Simulation":
        if (self.transaction is None) == (self.event is None):
            raise ValueError("give transaction or event")
        return self


class SimulatedShare(Answered):
    """Points of one rule. Rules of the request are numbered: …000000000001 is the first of them, at version 1."""

    rule_id: UUID
    version: int
    name: str
    points: int


class SimulationResult(Answered):
    """`receipt` is what the member would see of such a purchase under GET /transactions/{id}/receipt."""

    points: int
    rules: list[SimulatedShare]
    receipt: ReceiptSteps

"""An earning rule's definition: what a version of a rule says, as values. `parse` makes them, `to_json` writes them.

A definition is immutable, and writing it and reading it again gives the same one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from loyalty.domain.periods import Period


class Trigger(StrEnum):
    """The event that a rule is evaluated for."""

    TRANSACTION_RECORDED = "transaction.recorded"
    EVENT_RECORDED = "event.recorded"


class ScopeType(StrEnum):
    """What a rule looks at, from the most to the least specific."""

    SKU = "sku"
    CATEGORY = "category"
    ORDER = "order"


class Field(StrEnum):
    """What a condition may ask about. weekday is ISO's, 1 (Monday) to 7; times are program-local.

    scope_amount is what the lines in the rule's own scope come to.
    """

    MERCHANT_ID = "merchant_id"
    AMOUNT = "amount"
    SCOPE_AMOUNT = "scope_amount"
    TIER = "tier"
    CURRENCY = "currency"
    FIRST_PURCHASE = "first_purchase"
    PURCHASE_NUMBER = "purchase_number"
    MEMBER_AGE_DAYS = "member_age_days"
    BIRTHDAY = "birthday"
    BIRTHDAY_MONTH = "birthday_month"
    WEEKDAY = "weekday"
    HOUR = "hour"


class Op(StrEnum):
    """How a condition compares; gte and lte include the value itself."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GTE = "gte"
    LTE = "lte"
    MULTIPLE_OF = "multiple_of"


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of a custom event, in a condition written as "fields.stars"."""

    name: str

    @property
    def value(self) -> str:
        return f"{EVENT_FIELD_PREFIX}{self.name}"


EVENT_FIELD_PREFIX = "fields."
Operand = UUID | Decimal | str | bool | int


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines a rule is for: all of the order, or those whose sku or category is one of `values` (case counts).

    Lines of an excepted sku or category are never in it.
    """

    type: ScopeType = ScopeType.ORDER
    values: tuple[str, ...] = ()
    except_skus: tuple[str, ...] = ()
    except_categories: tuple[str, ...] = ()

    @property
    def has_exceptions(self) -> bool:
        return bool(self.except_skus or self.except_categories)


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when the field compares so with `values`; ops other than in and not_in have exactly one value."""

    field: Field | EventField
    op: Op
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class PointsPerAmount:
    """`points` for every `per` of the currency's units, in proportion. 0 points exclude what the rule claims."""

    points: Decimal
    per: Decimal


@dataclass(frozen=True, slots=True)
class FixedPoints:
    """`points` once for the purchase."""

    points: int


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Multiplies what the purchase earned by `factor`."""

    factor: Decimal


Effect = PointsPerAmount | FixedPoints | Multiplier


@dataclass(frozen=True, slots=True)
class Window:
    """From starts_at (included) to ends_at (excluded), both aware; None is open."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class MemberLimit:
    """At most `points` to one member in one period."""

    points: int
    period: Period


@dataclass(frozen=True, slots=True)
class Limits:
    """The most points a rule gives: in one transaction before multipliers, to one member, to all members ever."""

    points_per_transaction: int | None = None
    points_per_member: MemberLimit | None = None
    budget_points: int | None = None


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """Everything a version of a rule says. A higher priority goes first; see docs/rules.md.

    event_type is set for the trigger event.recorded only.
    """

    name: str
    effect: Effect
    trigger: Trigger = Trigger.TRANSACTION_RECORDED
    event_type: str | None = None
    scope: Scope = Scope()
    conditions: tuple[Condition, ...] = ()
    window: Window = ALWAYS
    priority: int = 0
    stackable: bool = True
    limits: Limits = Limits()

    def to_json(self) -> dict[str, Any]:
        """The definition as JSON types, in full: what was left out is there with its default."""
        return {
            "name": self.name,
            "trigger": self.trigger.value,
            **({"event_type": self.event_type} if self.event_type is not None else {}),
            "scope": _scope_json(self.scope),
            "conditions": [_condition_json(condition) for condition in self.conditions],
            "effect": effect_json(self.effect),
            "window": {"starts_at": _time_json(self.window.starts_at), "ends_at": _time_json(self.window.ends_at)},
            "priority": self.priority,
            "stackable": self.stackable,
            "limits": _limits_json(self.limits),
        }


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A version of a rule that is in force. created_at is the rule's own, the same for all its versions."""

    rule_id: UUID
    version: int
    created_at: datetime
    definition: RuleDefinition


def effect_json(effect: Effect) -> dict[str, Any]:
    """An effect as JSON types; decimals are strings."""
    match effect:
        case PointsPerAmount(points, per):
            return {"type": "points_per_amount", "points": plain(points), "per": plain(per)}
        case FixedPoints(fixed):
            return {"type": "fixed", "points": fixed}
        case Multiplier(factor):
            return {"type": "multiplier", "factor": plain(factor)}
    assert_never(effect)


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without zeros at its end: "1.50" is "1.5", "1E+2" is "100"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scope_json(scope: Scope) -> dict[str, Any]:
    written: dict[str, Any] = {"type": scope.type.value}
    if scope.type is not ScopeType.ORDER:
        written["values"] = list(scope.values)
    if scope.has_exceptions:
        written["except"] = {"skus": list(scope.except_skus), "categories": list(scope.except_categories)}
    return written


def _condition_json(condition: Condition) -> dict[str, Any]:
    values = [_operand_json(value) for value in condition.values]
    several = condition.op in (Op.IN, Op.NOT_IN)
    return {"field": condition.field.value, "op": condition.op.value, "value": values if several else values[0]}


def _operand_json(value: Operand) -> str | int | bool:
    match value:
        case UUID():
            return str(value)
        case Decimal():
            return plain(value)
    return value


def _time_json(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _limits_json(limits: Limits) -> dict[str, Any]:
    member = limits.points_per_member
    return {
        "points_per_transaction": limits.points_per_transaction,
        "points_per_member": member and {"points": member.points, "period": member.period.value},
        "budget_points": limits.budget_points,
    }

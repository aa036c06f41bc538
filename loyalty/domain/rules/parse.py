"""From a rule's JSON definition to its values, or to the list of everything that is wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.domain.money import EXPONENTS
from loyalty.domain.periods import Period
from loyalty.domain.rules.definition import (
    ALWAYS,
    ActiveRule,
    Condition,
    Effect,
    Field,
    FixedPoints,
    Limits,
    MemberLimit,
    Multiplier,
    Op,
    Operand,
    PointsPerAmount,
    RuleDefinition,
    Scope,
    ScopeType,
    Trigger,
    Window,
)
from loyalty.domain.rules.fields import (
    Fields,
    Reader,
    Refused,
    boolean,
    decimal,
    identifier,
    instant,
    one_of,
    refused,
    several,
    text,
    whole,
)
from loyalty.errors import Invalid

MAX_CONDITIONS = 20
MAX_VALUES = 10_000
MAX_NAME_CHARACTERS = 200
MAX_VALUE_CHARACTERS = 200
MAX_RATE = 1_000_000
MAX_FACTOR = 1_000
MAX_POINTS = 1_000_000_000_000
MAX_PRIORITY = 1_000_000
MAX_AMOUNT = 1_000_000_000_000
MAX_AGE_DAYS = 100_000

_NO_CONDITIONS: tuple[Condition, ...] = ()
_NO_VALUES: tuple[str, ...] = ()
_EQUALITY = frozenset({Op.EQ, Op.NE, Op.IN, Op.NOT_IN})
_ALL_OPS = frozenset(Op)


class InvalidRule(Invalid):
    """The earning rule is not valid."""

    code = "invalid_rule"


def parse_rule(definition: Mapping[str, Any]) -> RuleDefinition:
    """Reads a rule. Raises InvalidRule with every (JSON pointer, detail) that is wrong."""
    try:
        return _rule(definition, "")
    except Refused as refusal:
        raise InvalidRule(refusal.problems) from None


def active_rule(rule_id: UUID, version: int, created_at: datetime, definition: Mapping[str, Any]) -> ActiveRule:
    """A stored version of a rule, ready to be compiled. Raises InvalidRule."""
    return ActiveRule(rule_id, version, created_at, parse_rule(definition))


def _rule(value: object, at: str) -> RuleDefinition:
    fields = Fields(value, at)
    name = fields.required("name", text(MAX_NAME_CHARACTERS))
    trigger = fields.optional("trigger", one_of(Trigger), Trigger.TRANSACTION_RECORDED)
    scope = fields.optional("scope", _scope, Scope())
    conditions = fields.optional("conditions", several(_condition, MAX_CONDITIONS), _NO_CONDITIONS)
    effect = fields.required("effect", _effect)
    window = fields.optional("window", _window, ALWAYS)
    priority = fields.optional("priority", whole(-MAX_PRIORITY, MAX_PRIORITY), 0)
    stackable = fields.optional("stackable", boolean, True)
    limits = fields.optional("limits", _limits, Limits())
    fields.close()
    if isinstance(effect, Multiplier) and scope.type is not ScopeType.ORDER:
        raise refused(f"{at}/scope/type", "must be order: a multiplier multiplies what the whole purchase earned")
    return RuleDefinition(name, effect, trigger, scope, conditions, window, priority, stackable, limits)


def _scope(value: object, at: str) -> Scope:
    fields = Fields(value, at)
    kind = fields.required("type", one_of(ScopeType))
    values = fields.optional("values", several(text(MAX_VALUE_CHARACTERS), MAX_VALUES, least=1), _NO_VALUES)
    fields.close()
    if kind is ScopeType.ORDER and values:
        raise refused(f"{at}/values", "is not known here: the scope is the whole order")
    if kind is not ScopeType.ORDER and not values:
        raise refused(f"{at}/values", "is missing")
    return Scope(kind, tuple(dict.fromkeys(values)))


def _condition(value: object, at: str) -> Condition:
    fields = Fields(value, at)
    field = fields.required("field", one_of(Field))
    op = fields.required("op", one_of(Op))
    given = fields.required("value", _anything)
    fields.close()
    ops, read = _OPERANDS[field]
    if op not in ops:
        raise refused(f"{at}/op", f"{op} does not go with {field}: use one of {', '.join(o for o in Op if o in ops)}")
    if op in (Op.IN, Op.NOT_IN):
        values = several(read, MAX_VALUES, least=1)(given, f"{at}/value")
        return Condition(field, op, tuple(dict.fromkeys(values)))
    return Condition(field, op, (read(given, f"{at}/value"),))


def _anything(value: object, at: str) -> object:
    return value


def _currency(value: object, at: str) -> str:
    if isinstance(value, str) and value in EXPONENTS:
        return value
    raise refused(at, "must be a currency code of ISO 4217, such as GBP")


_OPERANDS: dict[Field, tuple[frozenset[Op], Reader[Operand]]] = {
    Field.MERCHANT_ID: (_EQUALITY, identifier),
    Field.AMOUNT: (_ALL_OPS, decimal(MAX_AMOUNT, above_zero=False)),
    Field.TIER: (_EQUALITY, text(MAX_VALUE_CHARACTERS)),
    Field.CURRENCY: (_EQUALITY, _currency),
    Field.FIRST_PURCHASE: (frozenset({Op.EQ, Op.NE}), boolean),
    Field.MEMBER_AGE_DAYS: (_ALL_OPS, whole(0, MAX_AGE_DAYS)),
    Field.WEEKDAY: (_ALL_OPS, whole(1, 7)),
    Field.HOUR: (_ALL_OPS, whole(0, 23)),
}


def _effect(value: object, at: str) -> Effect:
    if not isinstance(value, Mapping):
        raise refused(at, "must be an object")
    match value.get("type"):
        case "points_per_amount":
            return _points_per_amount(value, at)
        case "fixed":
            return _fixed(value, at)
        case "multiplier":
            return _multiplier(value, at)
    raise refused(f"{at}/type", "must be one of points_per_amount, fixed, multiplier")


def _points_per_amount(value: object, at: str) -> PointsPerAmount:
    fields = Fields(value, at)
    fields.required("type", _anything)
    points = fields.required("points", decimal(MAX_RATE, above_zero=False))
    per = fields.required("per", decimal(MAX_RATE, above_zero=True))
    fields.close()
    return PointsPerAmount(points, per)


def _fixed(value: object, at: str) -> FixedPoints:
    fields = Fields(value, at)
    fields.required("type", _anything)
    points = fields.required("points", whole(1, MAX_POINTS))
    fields.close()
    return FixedPoints(points)


def _multiplier(value: object, at: str) -> Multiplier:
    fields = Fields(value, at)
    fields.required("type", _anything)
    factor = fields.required("factor", decimal(MAX_FACTOR, above_zero=True))
    fields.close()
    return Multiplier(factor)


def _window(value: object, at: str) -> Window:
    fields = Fields(value, at)
    starts_at = fields.optional("starts_at", instant, None)
    ends_at = fields.optional("ends_at", instant, None)
    fields.close()
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise refused(f"{at}/ends_at", "must be after starts_at")
    return Window(starts_at, ends_at)


def _limits(value: object, at: str) -> Limits:
    fields = Fields(value, at)
    points = whole(1, MAX_POINTS)
    per_transaction = fields.optional("points_per_transaction", points, None)
    per_member = fields.optional("points_per_member", _member_limit, None)
    budget = fields.optional("budget_points", points, None)
    fields.close()
    return Limits(per_transaction, per_member, budget)


def _member_limit(value: object, at: str) -> MemberLimit:
    fields = Fields(value, at)
    points = fields.required("points", whole(1, MAX_POINTS))
    period = fields.required("period", one_of(Period))
    fields.close()
    return MemberLimit(points, period)

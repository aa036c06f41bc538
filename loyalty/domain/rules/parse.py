"""From a rule's JSON definition to its values, or to the list of everything that is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.domain.money import EXPONENTS
from loyalty.domain.periods import Period
from loyalty.domain.rules.definition import (
    ALWAYS,
    EVENT_FIELD_PREFIX,
    ActiveRule,
    Condition,
    Effect,
    EventField,
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
MAX_PURCHASES = 1_000_000

_NO_CONDITIONS: tuple[Condition, ...] = ()
_NO_VALUES: tuple[str, ...] = ()
_EQUALITY = frozenset({Op.EQ, Op.NE, Op.IN, Op.NOT_IN})
_ALL_OPS = frozenset(Op) - {Op.MULTIPLE_OF}
_OF_PURCHASES = frozenset(
    {Field.AMOUNT, Field.SCOPE_AMOUNT, Field.CURRENCY, Field.FIRST_PURCHASE, Field.PURCHASE_NUMBER}
)
_CODE = re.compile(r"[a-z][a-z0-9_.]{0,59}", re.ASCII)


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


def parse_limits(limits: object) -> Limits:
    """Reads the limits of a stored rule; None is none. Raises Refused."""
    return Limits() if limits is None else _limits(limits, "/limits")


def _rule(value: object, at: str) -> RuleDefinition:
    fields = Fields(value, at)
    name = fields.required("name", text(MAX_NAME_CHARACTERS))
    trigger = fields.optional("trigger", one_of(Trigger), Trigger.TRANSACTION_RECORDED)
    event_type = fields.optional("event_type", event_type_code, None)
    scope = fields.optional("scope", _scope, Scope())
    conditions = fields.optional("conditions", several(_condition, MAX_CONDITIONS), _NO_CONDITIONS)
    effect = fields.required("effect", _effect)
    window = fields.optional("window", _window, ALWAYS)
    priority = fields.optional("priority", whole(-MAX_PRIORITY, MAX_PRIORITY), 0)
    stackable = fields.optional("stackable", boolean, True)
    limits = fields.optional("limits", _limits, Limits())
    fields.close()
    rule = RuleDefinition(name, effect, trigger, event_type, scope, conditions, window, priority, stackable, limits)
    if problems := list(_contradictions(rule, at)):
        raise Refused(problems)
    return rule


def _contradictions(rule: RuleDefinition, at: str) -> Iterator[tuple[str, str]]:
    """What is wrong with parts that are each right by themselves."""
    for_events = rule.trigger is Trigger.EVENT_RECORDED
    if isinstance(rule.effect, Multiplier):
        if rule.scope.type is not ScopeType.ORDER:
            yield f"{at}/scope/type", "must be order: a multiplier multiplies what the whole purchase earned"
        elif rule.scope.has_exceptions:
            yield f"{at}/scope/except", "is not known here: a multiplier multiplies what the whole purchase earned"
    if for_events and rule.event_type is None:
        yield f"{at}/event_type", "is missing"
    if not for_events and rule.event_type is not None:
        yield f"{at}/event_type", "is not known here: the trigger is transaction.recorded"
    if for_events and isinstance(rule.effect, PointsPerAmount):
        yield f"{at}/effect/type", "must be fixed or multiplier: an event has no amount"
    if for_events and (rule.scope.type is not ScopeType.ORDER or rule.scope.has_exceptions):
        yield f"{at}/scope", "is not known here: an event has no lines"
    for place, condition in enumerate(rule.conditions):
        of_event, of_purchase = isinstance(condition.field, EventField), condition.field in _OF_PURCHASES
        if (of_event and not for_events) or (of_purchase and for_events):
            yield f"{at}/conditions/{place}/field", f"{condition.field.value} does not go with {rule.trigger}"


def _scope(value: object, at: str) -> Scope:
    fields = Fields(value, at)
    kind = fields.required("type", one_of(ScopeType))
    values = fields.optional("values", several(text(MAX_VALUE_CHARACTERS), MAX_VALUES, least=1), _NO_VALUES)
    exceptions = fields.optional("except", _exceptions, (_NO_VALUES, _NO_VALUES))
    fields.close()
    if kind is ScopeType.ORDER and values:
        raise refused(f"{at}/values", "is not known here: the scope is the whole order")
    if kind is not ScopeType.ORDER and not values:
        raise refused(f"{at}/values", "is missing")
    return Scope(kind, tuple(dict.fromkeys(values)), *exceptions)


def _exceptions(value: object, at: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    fields = Fields(value, at)
    named = several(text(MAX_VALUE_CHARACTERS), MAX_VALUES)
    skus = fields.optional("skus", named, _NO_VALUES)
    categories = fields.optional("categories", named, _NO_VALUES)
    fields.close()
    return tuple(dict.fromkeys(skus)), tuple(dict.fromkeys(categories))


def _condition(value: object, at: str) -> Condition:
    fields = Fields(value, at)
    field = fields.required("field", _field)
    op = fields.required("op", one_of(Op))
    given = fields.required("value", _anything)
    fields.close()
    ops, read = (_ALL_OPS, _event_value) if isinstance(field, EventField) else _OPERANDS[field]
    if op not in ops:
        named = ", ".join(o for o in Op if o in ops)
        raise refused(f"{at}/op", f"{op} does not go with {field.value}: use one of {named}")
    if isinstance(field, EventField) and op in (Op.GTE, Op.LTE):
        read = decimal(MAX_AMOUNT, above_zero=False)
    if op in (Op.IN, Op.NOT_IN):
        values = several(read, MAX_VALUES, least=1)(given, f"{at}/value")
        return Condition(field, op, tuple(dict.fromkeys(values)))
    return Condition(field, op, (read(given, f"{at}/value"),))


def _field(value: object, at: str) -> Field | EventField:
    if isinstance(value, str) and value.startswith(EVENT_FIELD_PREFIX):
        return EventField(_code(value.removeprefix(EVENT_FIELD_PREFIX), at))
    return one_of(Field)(value, at)


def event_type_code(value: object, at: str) -> str:
    """The name of a type of events, such as review.written."""
    return _code(value, at)


def _code(value: object, at: str) -> str:
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    raise refused(at, "must be 1 to 60 of a-z, 0-9, _ and ., beginning with a letter")


def _event_value(value: object, at: str) -> Operand:
    """A value as it is written: true and false, a number, or a text. Only a JSON number is a number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(MAX_VALUE_CHARACTERS)(value, at)
    return decimal(MAX_AMOUNT, above_zero=False)(value, at)


def _anything(value: object, at: str) -> object:
    return value


def _currency(value: object, at: str) -> str:
    if isinstance(value, str) and value in EXPONENTS:
        return value
    raise refused(at, "must be a currency code of ISO 4217, such as GBP")


_OPERANDS: dict[Field, tuple[frozenset[Op], Reader[Operand]]] = {
    Field.MERCHANT_ID: (_EQUALITY, identifier),
    Field.AMOUNT: (_ALL_OPS, decimal(MAX_AMOUNT, above_zero=False)),
    Field.SCOPE_AMOUNT: (_ALL_OPS, decimal(MAX_AMOUNT, above_zero=False)),
    Field.TIER: (_EQUALITY, text(MAX_VALUE_CHARACTERS)),
    Field.CURRENCY: (_EQUALITY, _currency),
    Field.FIRST_PURCHASE: (frozenset({Op.EQ, Op.NE}), boolean),
    Field.PURCHASE_NUMBER: (_ALL_OPS | {Op.MULTIPLE_OF}, whole(1, MAX_PURCHASES)),
    Field.BIRTHDAY: (frozenset({Op.EQ, Op.NE}), boolean),
    Field.BIRTHDAY_MONTH: (frozenset({Op.EQ, Op.NE}), boolean),
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

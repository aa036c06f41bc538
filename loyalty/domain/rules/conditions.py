"""Whether a rule is in force for a purchase: window and conditions, prepared once, asked for each purchase.

Decimals are compared as whole numbers of ten-thousandths: a rule's have at most four decimals, and so do currencies.
"""

import calendar
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from loyalty.domain.money import exponent_of
from loyalty.domain.purchase import EventFacts, FieldValue, Line, MemberFacts, Purchase
from loyalty.domain.rules.definition import Condition, EventField, Field, Op, Window
from loyalty.domain.rules.fields import MAX_DECIMALS

Fact = UUID | str | bool | int | None
PurchaseFact = Callable[[Purchase, datetime], Fact]
MemberFact = Callable[[MemberFacts, datetime], Fact]
Covers = Callable[[Line], bool]
LEAP_DAY = (2, 29)


class PurchaseCheck(NamedTuple):
    """A condition that what happened can answer; the time is local."""

    fact: PurchaseFact
    holds: Callable[[Any], bool]


class MemberCheck(NamedTuple):
    """A condition that takes the member to answer; the time is local."""

    fact: MemberFact
    holds: Callable[[Any], bool]


def check(condition: Condition, covers: Covers) -> PurchaseCheck | MemberCheck:
    """Prepares a condition of a rule; `covers` tells the lines in the rule's scope."""
    values = [_comparable(value) for value in condition.values]
    holds, field = _comparison(condition.op, values), condition.field
    if isinstance(field, EventField):
        return PurchaseCheck(partial(_event_field, field.name), holds)
    if field is Field.SCOPE_AMOUNT:
        return PurchaseCheck(partial(_scope_amount, covers), holds)
    if field in _MEMBER_FACTS:
        return MemberCheck(_MEMBER_FACTS[field], holds)
    return PurchaseCheck(_PURCHASE_FACTS[field], holds)


def in_window(window: Window, at: datetime) -> bool:
    """Whether `at` is in [starts_at, ends_at)."""
    return (window.starts_at is None or window.starts_at <= at) and (window.ends_at is None or at < window.ends_at)


def event_value(value: object) -> FieldValue:
    """A field of an event as it is compared: a number in ten-thousandths, all else as it is."""
    if isinstance(value, bool | str):
        return value
    return int(Decimal(str(value)).scaleb(MAX_DECIMALS))


def happening(
    merchant_id: UUID, occurred_at: datetime, currency: str, event_type: str, fields: Mapping[str, Any]
) -> Purchase:
    """A custom event as the rules look at it: nothing was bought."""
    values = {name: event_value(value) for name, value in fields.items()}
    return Purchase(merchant_id, occurred_at, 0, currency, (), EventFacts(event_type, values))


def is_birthday(birth_date: date | None, day: date) -> bool:
    """Whether `day` is a birthday. Who was born on 29 February has it on the 28th in the other years."""
    if birth_date is None:
        return False
    born, today = (birth_date.month, birth_date.day), (day.month, day.day)
    if born == LEAP_DAY and not calendar.isleap(day.year):
        return today == (2, 28)
    return born == today


def _comparable(value: object) -> Any:
    return int(value.scaleb(MAX_DECIMALS)) if isinstance(value, Decimal) else value


def _comparison(op: Op, values: Sequence[Any]) -> Callable[[Any], bool]:
    match op:
        case Op.EQ:
            return partial(_same, values[0])
        case Op.NE:
            return partial(operator.ne, values[0])
        case Op.IN:
            return frozenset(values).__contains__
        case Op.NOT_IN:
            return partial(_absent, frozenset(values))
        case Op.GTE:
            return partial(_ordered, operator.le, values[0])
        case Op.LTE:
            return partial(_ordered, operator.ge, values[0])
        case Op.MULTIPLE_OF:
            return partial(_multiple_of, values[0])
    assert_never(op)


def _same(value: object, fact: Fact) -> bool:
    return fact == value


def _ordered(compare: Callable[[int, int], bool], value: int, fact: Fact) -> bool:
    """What is no number, or is not there at all, is neither at least nor at most any number."""
    return isinstance(fact, int) and not isinstance(fact, bool) and compare(value, fact)


def _multiple_of(divisor: int, number: int) -> bool:
    return number % divisor == 0


def _absent(values: Collection[Any], fact: Fact) -> bool:
    return fact not in values


def _amount(purchase: Purchase, local: datetime) -> int:
    return _ten_thousandths(purchase.amount_minor, purchase.currency)


def _scope_amount(covers: Covers, purchase: Purchase, local: datetime) -> int:
    minor = sum(line.amount_minor for line in purchase.counted_lines if covers(line))
    return _ten_thousandths(minor, purchase.currency)


def _ten_thousandths(amount_minor: int, currency: str) -> int:
    return int(amount_minor * 10 ** (MAX_DECIMALS - exponent_of(currency)))


def _event_field(name: str, purchase: Purchase, local: datetime) -> Fact:
    return None if purchase.event is None else purchase.event.fields.get(name)


def _member_age_days(member: MemberFacts, local: datetime) -> int:
    """Midnights passed since the member joined; 0 for a purchase of an earlier day."""
    return max(0, (local.date() - member.joined_at.astimezone(local.tzinfo).date()).days)


_PURCHASE_FACTS: dict[Field, PurchaseFact] = {
    Field.MERCHANT_ID: lambda purchase, local: purchase.merchant_id,
    Field.AMOUNT: _amount,
    Field.CURRENCY: lambda purchase, local: purchase.currency,
    Field.WEEKDAY: lambda purchase, local: local.isoweekday(),
    Field.HOUR: lambda purchase, local: local.hour,
}
_MEMBER_FACTS: dict[Field, MemberFact] = {
    Field.TIER: lambda member, local: member.tier,
    Field.FIRST_PURCHASE: lambda member, local: member.purchases_before == 0,
    Field.PURCHASE_NUMBER: lambda member, local: member.purchases_before + 1,
    Field.MEMBER_AGE_DAYS: _member_age_days,
    Field.BIRTHDAY: lambda member, local: is_birthday(member.birth_date, local.date()),
    Field.BIRTHDAY_MONTH: lambda member, local: (
        member.birth_date is not None and member.birth_date.month == local.month
    ),
}

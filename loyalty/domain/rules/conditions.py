"""Whether a rule is in force for a purchase: window and conditions, prepared once, asked for each purchase."""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, assert_never
from uuid import UUID

from loyalty.domain.money import exponent_of
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.definition import Condition, Field, Op, Window

Fact = UUID | Fraction | str | bool | int | None
Facts = dict[Field, Fact]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, ready to be asked."""

    field: Field
    holds: Callable[[Any], bool]


def check(condition: Condition) -> Check:
    """Prepares a condition of a parsed rule."""
    values = [Fraction(value) if isinstance(value, Decimal) else value for value in condition.values]
    return Check(condition.field, _comparison(condition.op, values))


def _comparison(op: Op, values: Sequence[Any]) -> Callable[[Any], bool]:
    match op:
        case Op.EQ:
            return partial(operator.eq, values[0])
        case Op.NE:
            return partial(operator.ne, values[0])
        case Op.IN:
            return frozenset(values).__contains__
        case Op.NOT_IN:
            return partial(_absent, frozenset(values))
        case Op.GTE:
            return partial(operator.le, values[0])
        case Op.LTE:
            return partial(operator.ge, values[0])
    assert_never(op)


def _absent(values: frozenset[Any], fact: Fact) -> bool:
    return fact not in values


def in_window(window: Window, at: datetime) -> bool:
    """Whether `at` is in [starts_at, ends_at)."""
    return (window.starts_at is None or window.starts_at <= at) and (window.ends_at is None or at < window.ends_at)


def purchase_facts(fields: Iterable[Field], purchase: Purchase, local: datetime) -> Facts:
    """Those facts of `fields` that the purchase tells; `local` is when it occurred, in the program's time zone."""
    return {field: _PURCHASE_FACTS[field](purchase, local) for field in fields if field in _PURCHASE_FACTS}


def member_facts(fields: Iterable[Field], member: MemberFacts, local: datetime) -> Facts:
    """Those facts of `fields` that the member tells, for a purchase at `local`."""
    return {field: _MEMBER_FACTS[field](member, local) for field in fields if field in _MEMBER_FACTS}


def is_of_purchase(check: Check) -> bool:
    """Whether a condition can be answered without knowing the member."""
    return check.field in _PURCHASE_FACTS


def _amount(purchase: Purchase, local: datetime) -> Fraction:
    return Fraction(purchase.amount_minor, 10 ** exponent_of(purchase.currency))


def _member_age_days(member: MemberFacts, local: datetime) -> int:
    """Midnights passed since the member joined; 0 for a purchase of an earlier day."""
    return max(0, (local.date() - member.joined_at.astimezone(local.tzinfo).date()).days)


_PURCHASE_FACTS: dict[Field, Callable[[Purchase, datetime], Fact]] = {
    Field.MERCHANT_ID: lambda purchase, local: purchase.merchant_id,
    Field.AMOUNT: _amount,
    Field.CURRENCY: lambda purchase, local: purchase.currency,
    Field.WEEKDAY: lambda purchase, local: local.isoweekday(),
    Field.HOUR: lambda purchase, local: local.hour,
}
_MEMBER_FACTS: dict[Field, Callable[[MemberFacts, datetime], Fact]] = {
    Field.TIER: lambda member, local: member.tier,
    Field.FIRST_PURCHASE: lambda member, local: member.first_purchase,
    Field.MEMBER_AGE_DAYS: _member_age_days,
}

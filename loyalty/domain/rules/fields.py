"""Reading JSON with every mistake named by its place (a JSON pointer), not only the first.

A reader is a function of a value and its pointer: it returns what it read or raises Refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar, cast
from uuid import UUID

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader = Callable[[object, str], T]

MAX_DECIMALS = 4
"""Decimals that a rate, a factor or an amount in a rule may have."""


_PLAIN_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


class Refused(Exception):
    """What was wrong, as (JSON pointer, detail)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(problems)


def refused(at: str, detail: str) -> Refused:
    return Refused([(at, detail)])


class Fields:
    """The members of one JSON object. Take each, then close(): it raises for all that was wrong with any of them.

    A member that was refused is None until then, whatever its type says: use nothing before close().
    """

    def __init__(self, value: object, at: str) -> None:
        if not isinstance(value, Mapping):
            raise refused(at, f"must be an object, not {_kind(value)}")
        self._members: dict[object, object] = dict(value)
        self._at = at
        self._problems: list[tuple[str, str]] = []

    def required(self, key: str, read: Reader[T]) -> T:
        if key in self._members:
            return self._take(key, read)
        self._problems.append((self._pointer(key), "is missing"))
        return cast("T", None)

    def optional(self, key: str, read: Reader[T], default: T) -> T:
        """null is the same as leaving it out."""
        if self._members.get(key) is None:
            self._members.pop(key, None)
            return default
        return self._take(key, read)

    def close(self) -> None:
        unknown = [(self._pointer(str(key)), "is not known here") for key in self._members]
        if self._problems or unknown:
            raise Refused(self._problems + unknown)

    def _take(self, key: str, read: Reader[T]) -> T:
        try:
            return read(self._members.pop(key), self._pointer(key))
        except Refused as refusal:
            self._problems += refusal.problems
            return cast("T", None)

    def _pointer(self, key: str) -> str:
        return f"{self._at}/{key.replace('~', '~0').replace('/', '~1')}"


def several(read: Reader[T], most: int, least: int = 0) -> Reader[tuple[T, ...]]:
    """An array of `least` to `most` elements."""

    def read_all(value: object, at: str) -> tuple[T, ...]:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise refused(at, f"must be an array, not {_kind(value)}")
        if not least <= len(value) <= most:
            raise refused(at, f"must have {least} to {most} elements, not {len(value)}")
        elements, problems = [], []
        for index, element in enumerate(value):
            try:
                elements.append(read(element, f"{at}/{index}"))
            except Refused as refusal:
                problems += refusal.problems
        if problems:
            raise Refused(problems)
        return tuple(elements)

    return read_all


def one_of(choices: type[E]) -> Reader[E]:
    """A string that is a value of the enumeration."""
    by_value = {choice.value: choice for choice in choices}

    def read(value: object, at: str) -> E:
        if isinstance(value, str) and value in by_value:
            return by_value[value]
        raise refused(at, f"must be one of {', '.join(by_value)}")

    return read


def text(most: int) -> Reader[str]:
    """A string of 1 to `most` characters, not blank and without NUL (which PostgreSQL cannot store)."""

    def read(value: object, at: str) -> str:
        if not isinstance(value, str):
            raise refused(at, f"must be a string, not {_kind(value)}")
        if not value.strip() or len(value) > most or "\0" in value:
            raise refused(at, f"must have 1 to {most} characters, not all blank and none of them NUL")
        return value

    return read


def whole(least: int, most: int) -> Reader[int]:
    """A JSON integer from `least` to `most`."""

    def read(value: object, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refused(at, f"must be a whole number, not {_kind(value)}")
        if not least <= value <= most:
            raise refused(at, f"must be {least} to {most}")
        return value

    return read


def decimal(most: int, *, above_zero: bool) -> Reader[Decimal]:
    """A decimal string or a JSON number up to `most` with up to MAX_DECIMALS. A number counts as it is written."""
    bounds = f"above 0 and at most {most}" if above_zero else f"0 to {most}"

    def read(value: object, at: str) -> Decimal:
        number = _number(value, at)
        if number > most or number < 0 or (above_zero and not number):
            raise refused(at, f"must be {bounds}")
        if _decimals(number) > MAX_DECIMALS:
            raise refused(at, f"may have at most {MAX_DECIMALS} decimals")
        return number

    return read


def boolean(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        raise refused(at, f"must be true or false, not {_kind(value)}")
    return value


def identifier(value: object, at: str) -> UUID:
    """A UUID in its usual form of 36 characters."""
    if isinstance(value, UUID):
        return value
    try:
        if isinstance(value, str) and len(value) == 36:
            return UUID(value)
    except ValueError:
        pass
    raise refused(at, "must be a UUID")


def instant(value: object, at: str) -> datetime:
    """A time of RFC 3339 with its offset, in UTC."""
    moment = value if isinstance(value, datetime) else _parsed_time(value)
    if moment is None or moment.tzinfo is None:
        raise refused(at, "must be a time with its offset, such as 2017-03-05T14:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise refused(at, "is outside the calendar") from None


def _parsed_time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None


def _number(value: object, at: str) -> Decimal:
    written = isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value)
    if written or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        try:
            number = Decimal(str(value))
            if number.is_finite():
                return _without_trailing_zeros(number)
        except (InvalidOperation, ValueError):
            pass
    raise refused(at, 'must be a number or a decimal string such as "1.5"')


def _without_trailing_zeros(number: Decimal) -> Decimal:
    """The same number, so that 1.50 and 1.5 are read as one. Exact: no context rounds it."""
    sign, digits, _ = number.as_tuple()
    kept, decimals = list(digits), _decimals(number)
    while decimals > 0 and len(kept) > 1 and kept[-1] == 0:
        kept.pop()
        decimals -= 1
    return Decimal((sign, tuple(kept), -decimals))


def _decimals(number: Decimal) -> int:
    """Digits after the point; negative for 1E+2. The exponent of a finite number is always an integer."""
    return -cast("int", number.as_tuple().exponent)


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "a string"
        case Mapping():
            return "an object"
        case Sequence():
            return "an array"
    return type(value).__name__

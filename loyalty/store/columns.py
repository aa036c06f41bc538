"""Columns of many rows as parameters, in the forms that cost least to send.

asyncpg looks at each element of an array for what it is; whole numbers as the text of an array are joined at a fifth of
that, and PostgreSQL reads them as fast. A column that is the same in every row is sent once (in SQL: `case when
cardinality(a) = 1 then a[1] else its element end`), one that is null in every row not at all (unnest fills it up).
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def numbers(values: Iterable[int]) -> str:
    """The text of an array of whole numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def numbers_or_null(values: Iterable[int | None]) -> str:
    """The same where some may be missing."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def once(values: Sequence[T]) -> Sequence[T]:
    """One element when all are the same."""
    return values[:1] if values and values.count(values[0]) == len(values) else values


def unless_null(values: Sequence[T]) -> Sequence[T]:
    """Nothing when all are None."""
    return () if values.count(None) == len(values) else values

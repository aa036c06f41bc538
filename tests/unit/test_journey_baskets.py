"""The real data are what we say they are, and dollars become cents without losing one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.journey.baskets import ALL_BASKETS, data_folder, read_baskets, read_participants, to_cents


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(f"create view line as from read_parquet('{data_folder() / 'transactions.parquet'}')")
        yield opened


@given(st.integers(min_value=0, max_value=10**12))
def test_the_double_next_to_an_amount_becomes_that_amount(cents: int) -> None:
    assert to_cents(cents / 100) == cents


def test_every_sales_value_of_the_file_is_a_whole_number_of_cents(connection: duckdb.DuckDBPyConnection) -> None:
    values = [row[0] for row in connection.execute("select distinct sales_value from line").fetchall()]
    assert len(values) > 5_000
    assert max(abs(Decimal(value) * 100 - to_cents(value)) for value in values) < Decimal("1e-8")


def test_a_basket_has_one_household_one_store_and_one_time(connection: duckdb.DuckDBPyConnection) -> None:
    several = """select count(*) from (select basket_id from line group by basket_id having
      count(distinct household_id) > 1 or count(distinct store_id) > 1 or count(distinct transaction_timestamp) > 1)"""
    assert connection.execute(several).fetchone() == (0,)


def test_the_file_counts_its_weeks_in_new_york_when_its_times_are_utc(connection: duckdb.DuckDBPyConnection) -> None:
    weeks = """select week, min(local::date), max(local::date) from (
      select week, transaction_timestamp at time zone 'UTC' at time zone 'America/New_York' as local from line)
      group by week order by week"""
    days = connection.execute(weeks).fetchall()
    assert all(last < first for (_, _, last), (_, first, _) in pairwise(days))


def test_the_file_holds_the_baskets_we_announce(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("select count(distinct basket_id) from line").fetchone() == (ALL_BASKETS,)
    free = "select count(*) from (select basket_id from line group by basket_id having sum(sales_value) = 0)"
    assert connection.execute(free).fetchone() == (478,)


def test_baskets_come_in_the_order_they_happened_whole_and_always_the_same() -> None:
    baskets = list(read_baskets(2_000))
    assert len({basket.basket_id for basket in baskets}) == 2_000
    assert baskets == sorted(baskets, key=lambda basket: (basket.occurred_at, basket.basket_id))
    assert all(basket.lines and basket.occurred_at.tzinfo is UTC for basket in baskets)
    assert baskets[:100] == list(read_baskets(100))


def test_lines_are_those_of_the_file(connection: duckdb.DuckDBPyConnection) -> None:
    basket = next(read_baskets(1))
    rows = connection.execute(
        "select product_id, quantity, round(sales_value * 100) from line where basket_id = $1", [basket.basket_id]
    ).fetchall()
    assert sorted((line.product_id, line.quantity, line.amount_minor) for line in basket.lines) == sorted(rows)


def test_participants_come_in_the_order_of_their_first_basket() -> None:
    households, stores = read_participants(500)
    baskets = list(read_baskets(500))
    assert households == list(dict.fromkeys(basket.household_id for basket in baskets))
    assert stores == list(dict.fromkeys(basket.store_id for basket in baskets))

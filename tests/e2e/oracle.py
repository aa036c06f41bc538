"""The independent answer: what the rules, told in SQL to another database engine, say of the file itself."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cli.journey.baskets import data_folder


def points_by_household(baskets: int) -> dict[int, int]:
    """Household to points for the first `baskets` baskets of the year."""
    paths = {name: str(data_folder() / f"{name}.parquet") for name in ("transactions", "products")}
    query = Path(__file__).with_name("oracle.sql").read_text()
    with duckdb.connect(config={"threads": 2}) as connection:
        rows = connection.execute(query, {**paths, "baskets": baskets}).fetchall()
    return {household: points for household, _, points in rows}

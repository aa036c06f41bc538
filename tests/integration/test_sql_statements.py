"""Every named query is valid against the real schema, so that none fails for the first time in production."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty.store.database import Connection
from loyalty.store.queries import SQL_FOLDER, queries


def described_queries() -> Iterator[tuple[str, str]]:
    for path in sorted(Path(SQL_FOLDER).glob("*.sql")):
        for block in re.split(r"^-- name: ", path.read_text(), flags=re.MULTILINE)[1:]:
            heading, _, body = block.partition("\n")
            yield re.sub(r"\W.*", "", heading), body


NAMES = sorted(name for name, _ in described_queries())


def test_no_two_queries_have_one_name() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(("name", "body"), list(described_queries()))
def test_a_query_says_in_a_line_what_it_does(name: str, body: str) -> None:
    assert re.match(r"-- \S.*[.?]\n", body), name


async def test_the_schema_knows_every_query(conn: Connection) -> None:
    refused = {}
    for name in NAMES:
        try:
            await conn.prepare(getattr(queries, name).sql)
        except Exception as error:
            refused[name] = str(error)
    assert refused == {}

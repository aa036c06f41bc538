"""The outbox's statements fit its tables, and its partitions are made ahead."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from outbox import Topics
from outbox.partitions import add_partitions
from outbox.schema import create
from outbox.settings import RelaySettings
from outbox.statements import FOLDER, load
from tests.support.outbox import MOMENT

STATEMENTS = [(path.stem, name, sql) for path in sorted(FOLDER.glob("*.sql")) for name, sql in load(path.stem).items()]


async def test_every_statement_fits_the_schema(conn: asyncpg.Connection) -> None:
    await create(conn, "elsewhere")  # makes the table of the library's own steps too
    await conn.execute("set search_path to public, elsewhere")
    refused = {}
    for file, name, sql in STATEMENTS:
        try:
            await conn.prepare(sql)
        except asyncpg.PostgresError as error:
            refused[f"{file}.{name}"] = str(error)
    assert refused == {}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, name, _ in STATEMENTS])
def test_every_statement_says_what_it_does(file: str, name: str) -> None:
    text = (FOLDER / f"{file}.sql").read_text()
    assert text.split(f"-- name: {name}", 1)[1].splitlines()[1].startswith("-- ")


@pytest.fixture
def settings(database_url: str) -> RelaySettings:
    return RelaySettings(dsn=database_url, kafka={}, topics=Topics({}), partition_rows=1_000, partitions_ahead=3)


async def insert(conn: asyncpg.Connection, first_id: int) -> str:
    """Insert a row with that id; the partition it went to."""
    await conn.execute(f"alter table outbox alter id restart with {first_id}")
    return str(
        await conn.fetchval(
            """insert into outbox (event_id, topic, key, payload, source, occurred_at)
            values (gen_random_uuid(), 'orders', 'k', '', '/', $1) returning tableoid::regclass::text""",
            MOMENT,
        )
    )


async def test_enough_partitions_are_there_from_the_start(conn: asyncpg.Connection, settings: RelaySettings) -> None:
    assert await insert(conn, 1) == "outbox_from_0"
    assert await insert(conn, 159_999_999) == "outbox_from_150000000"
    assert await insert(conn, 160_000_000) == "outbox_default"


async def test_partitions_are_made_ahead_of_the_last_id(conn: asyncpg.Connection, settings: RelaySettings) -> None:
    await insert(conn, 159_999_500)
    assert await add_partitions(conn, settings) == 3
    assert await add_partitions(conn, settings) == 0
    assert await insert(conn, 160_000_000) == "outbox_from_160000000"
    assert await insert(conn, 160_002_999) == "outbox_from_160002000"


async def test_rows_in_the_default_partition_are_passed_over(conn: asyncpg.Connection, settings: RelaySettings) -> None:
    assert await insert(conn, 160_000_500) == "outbox_default"
    assert await add_partitions(conn, settings) > 0
    assert await insert(conn, 160_001_000) == "outbox_from_160001000"


async def test_a_busy_table_is_left_alone(conn: asyncpg.Connection, settings: RelaySettings, database_url: str) -> None:
    writer = await asyncpg.connect(database_url)
    async with writer.transaction():
        assert await insert(writer, 160_000_000) == "outbox_default"
        with pytest.raises(asyncpg.LockNotAvailableError):
            await asyncio.wait_for(add_partitions(conn, settings), 10)
    assert await add_partitions(conn, settings) > 0
    await writer.close()

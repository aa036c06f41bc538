"""Another project can use the outbox: with tables of its own, in a schema of its own, and nothing of Laurel."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient

from db.migrate import migration_files
from outbox.schema import FOLDER, create, steps

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders.py"

CATALOGUE = """
select c.relkind::text, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
  pg_get_expr(d.adbin, d.adrelid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where n.nspname = $1 and c.relname like 'outbox%' and c.relname not like 'outbox_schema%'
order by 1, 2, a.attnum"""
FUNCTIONS = """
select proname, pg_get_function_arguments(p.oid), prosrc
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname = $1 and proname like 'outbox%'
order by 1"""


@pytest.fixture
async def elsewhere(empty_database_url: str) -> asyncpg.Connection:
    conn = await asyncpg.connect(empty_database_url)
    yield conn
    await conn.close()


def test_the_steps_are_the_migrations_of_the_outbox() -> None:
    """What Laurel's migrations make and what the library ships are one text."""
    migrations = {path.stem: path.read_text() for path in migration_files() if "_outbox" in path.name}
    shipped = {step.name: step.sql.strip() for step in steps()}
    assert shipped.keys() == migrations.keys(), f"copy what is missing to {FOLDER}"
    for name, text in migrations.items():
        applied = text.split("-- migrate: apply", 1)[1].split("-- migrate: rollback", 1)[0].strip()
        assert shipped[name] == applied, f"{FOLDER / name}.sql is not what the migration applies"


async def test_a_schema_of_ones_own_has_the_same_tables(
    elsewhere: asyncpg.Connection, conn: asyncpg.Connection
) -> None:
    assert await create(elsewhere, "my shop") == [step.name for step in steps()]
    assert await create(elsewhere, "my shop") == []
    for query in (CATALOGUE, FUNCTIONS):
        ours = [tuple(row) for row in await conn.fetch(query, "public")]
        theirs = [tuple(row) for row in await elsewhere.fetch(query, "my shop")]
        assert len(ours) > 0
        assert theirs == ours


async def test_many_may_create_the_tables_at_once(empty_database_url: str) -> None:
    conns = [await asyncpg.connect(empty_database_url) for _ in range(4)]
    taken = await asyncio.gather(*(create(conn) for conn in conns))
    assert sorted(map(len, taken)) == [0, 0, 0, len(steps())]
    for conn in conns:
        await conn.close()


def test_the_sql_is_printed_for_the_migrations_of_others() -> None:
    first, last = steps()[0].name, steps()[-1].name
    assert "create table outbox (" in outbox("schema").stdout
    assert outbox("schema", "--list", "--after", first).stdout.split() == [step.name for step in steps(first)]
    assert outbox("schema", "--after", last).stdout == ""
    refused = outbox("schema", "--after", "yesterday")
    assert (refused.returncode, first in refused.stderr) == (2, True)


def outbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "outbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.fixture
def shop_topics(kafka_bootstrap: str, topic_prefix: str) -> Iterator[str]:
    yield topic_prefix
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    with contextlib.suppress(Exception):
        for future in admin.delete_topics([f"{topic_prefix}order.placed"]).values():
            future.result(10)


def test_the_example_runs_with_a_schema_and_a_topic_of_its_own(
    empty_database_url: str, kafka_bootstrap: str, shop_topics: str
) -> None:
    command = [sys.executable, "-P", str(EXAMPLE), empty_database_url, kafka_bootstrap, shop_topics]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    consumed = [line for line in done.stdout.splitlines() if line.startswith("consumed:")]
    assert consumed == [f"consumed: {{'customer': 'ada', 'amount': {n}}}" for n in (1, 2, 3)]


def test_the_outbox_imports_nothing_of_laurel() -> None:
    """The example's modules, in a process of its own."""
    code = (
        "import sys, outbox, outbox.relay, outbox.schema, outbox.replay, outbox.rebase, outbox.checks; "
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    ours = {"loyalty", "schemas", "api", "agents", "cli", "db", "stack", "opentelemetry"}
    assert ours & set(done.stdout.split()) == set()

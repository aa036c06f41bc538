"""`laurel migrate` on an empty database, again, by many at once, and with a migration that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

import db.migrate as under_test
from db.migrate import Migrated, MigrationError, migrate, migration_files
from tests.support.processes import LaurelProcess

EVERY_MIGRATION = tuple(path.stem for path in migration_files())


async def test_applies_everything_then_nothing(empty_database_url: str) -> None:
    first = await migrate(empty_database_url)
    assert sorted(first.applied) == sorted(EVERY_MIGRATION)
    assert await migrate(empty_database_url) == Migrated((), (), len(EVERY_MIGRATION))


async def test_a_dry_run_names_what_is_pending_and_leaves_no_trace(empty_database_url: str) -> None:
    plan = await migrate(empty_database_url, dry_run=True)
    assert sorted(plan.pending) == sorted(EVERY_MIGRATION)
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    await connection.close()


async def test_of_many_at_once_one_does_the_work(empty_database_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_database_url) for _ in range(5)))
    assert sorted(len(one.applied) for one in done) == [0, 0, 0, 0, len(EVERY_MIGRATION)]


async def test_gives_up_when_another_migration_does_not_end(empty_database_url: str) -> None:
    holder = await asyncpg.connect(empty_database_url)
    await holder.execute("select pg_advisory_lock($1)", under_test.LOCK_KEY)
    with pytest.raises(MigrationError, match="another migration"):
        await migrate(empty_database_url, lock_timeout_seconds=0.1)
    await holder.close()


def test_the_command_says_what_it_did(empty_database_url: str, laurel_process: Callable[..., LaurelProcess]) -> None:
    first, again = (laurel_process("migrate", "--json", LAUREL_DATABASE_URL=empty_database_url) for _ in range(2))
    assert (first.popen.wait(60), again.popen.wait(60)) == (0, 0)
    applied = [json.loads(one.log_text())["applied"] for one in (first, again)]
    assert sorted(map(len, applied)) == [0, len(EVERY_MIGRATION)]


def test_the_command_explains_a_database_that_is_away(laurel_process: Callable[..., LaurelProcess]) -> None:
    process = laurel_process("migrate", LAUREL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert process.popen.wait(60) == 1
    assert process.log_text().startswith("laurel migrate: ")
    assert "Traceback" not in process.log_text()


async def test_a_failing_migration_is_named_and_undone(empty_database_url: str, tmp_path: Path) -> None:
    write_migration(tmp_path / "1_good.sql", "", "create table good ();")
    write_migration(tmp_path / "2_bad.sql", "1_good", "create table half (); select nothing from nowhere;")
    with pytest.raises(MigrationError, match=r"2_bad.*nowhere"):
        await migrate(empty_database_url, folder=tmp_path)
    connection = await asyncpg.connect(empty_database_url)
    tables = await connection.fetch("select tablename from pg_tables where tablename in ('good', 'half')")
    assert [row["tablename"] for row in tables] == ["good"]
    await connection.close()


def write_migration(path: Path, depends: str, sql: str) -> None:
    path.write_text(f"-- {path.stem}\n-- depends: {depends}\n\n-- migrate: apply\n{sql}\n-- migrate: rollback\n")

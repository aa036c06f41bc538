"""Applies the migrations.

Any number of processes may migrate at once: one does the work, the others wait for it, then find nothing to do.
The lock is asked for again and again instead of waited in: a statement that waits holds a snapshot, and a
`create index concurrently` of the process at work would wait for that snapshot for ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pogo_core.error import BadMigrationError
from pogo_core.migration import Migration, topological_sort
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_KEY = 0x6C61_7572_656C
LOCK_POLL_SECONDS = 0.05
SCHEMA = "public"

# pogo reports what it does as warnings; our callers report it themselves.
_quiet = logging.getLogger(f"{__name__}.pogo")
_quiet.setLevel(logging.ERROR)


class MigrationError(Exception):
    """The schema could not be brought up to date."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `migrate` did: ids of migrations in the order of their application."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    already: int


async def migrate(
    database_url: str, *, folder: Path = MIGRATIONS, dry_run: bool = False, lock_timeout_seconds: float = 300
) -> Migrated:
    """Apply what is not applied yet; with `dry_run` only say what that would be.

    Each migration is a transaction of its own: those before a failing one stay applied.

    Raises:
        MigrationError: the database is away, a migration is malformed or failed, or the lock was not free in time.
    """
    db = await _connect(database_url)
    try:
        if dry_run:
            return await _plan(db, folder)
        async with _exclusive(db, lock_timeout_seconds):
            return await _apply(db, folder)
    except BadMigrationError as error:
        raise MigrationError(_explain(error)) from error
    finally:
        await db.close()


def migration_files() -> list[Path]:
    """Every migration, in the order of its name."""
    return sorted(MIGRATIONS.glob("*.sql"))


async def _connect(database_url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(database_url, server_settings={"application_name": "laurel migrate"})
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise MigrationError(f"the database cannot be reached: {error or type(error).__name__}") from error


@asynccontextmanager
async def _exclusive(db: asyncpg.Connection, timeout_seconds: float) -> AsyncIterator[None]:
    deadline = time.monotonic() + timeout_seconds
    while not await db.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):
        if time.monotonic() > deadline:
            raise MigrationError(f"another migration has been running for more than {timeout_seconds:g} s")
        await asyncio.sleep(LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        await db.execute("select pg_advisory_unlock($1)", LOCK_KEY)


async def _plan(db: asyncpg.Connection, folder: Path) -> Migrated:
    fresh = await pogo_sql.get_pogo_version(db) is None
    migrations = await pogo_sql.read_migrations(folder, None if fresh else db, schema_name=SCHEMA)
    pending = _pending(migrations)
    return Migrated((), pending, len(migrations) - len(pending))


async def _apply(db: asyncpg.Connection, folder: Path) -> Migrated:
    await pogo_sql.ensure_pogo_sync(db)
    plan = await _plan(db, folder)
    await pogo.apply(db, folder, schema_name=SCHEMA, logger=_quiet)
    return Migrated(plan.pending, (), plan.already)


def _pending(migrations: Iterable[Migration]) -> tuple[str, ...]:
    by_name = sorted(migrations, key=lambda migration: migration.id)
    ordered = topological_sort([migration.load() for migration in by_name])
    return tuple(migration.id for migration in ordered if not migration.applied)


def _explain(error: BaseException) -> str:
    cause = error.__cause__
    return f"{error}: {cause}" if cause else str(error)

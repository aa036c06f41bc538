"""A database for each test, cloned from a template that has the migrations applied.

The template is named after the content of the migrations, so that test runs that share a server share it too, and
a changed migration makes a new one. It is built under a name of its own and renamed when done: a run that dies in the
middle leaves nothing that looks ready.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from db.migrate import migrate, migration_files

T = TypeVar("T")

LOCK_KEY = 0x7465_6D70_6C61_7465


def run_in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, whether or not the caller's thread has one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def ensure_template(server_url: str) -> str:
    """The name of a database with every migration applied, made now if the server has none yet."""
    digest = hashlib.sha256(b"\0".join(path.name.encode() + path.read_bytes() for path in migration_files()))
    name = f"laurel_template_{digest.hexdigest()[:12]}"
    async with _connected(server_url) as admin, _alone(admin):
        if not await admin.fetchval("select true from pg_database where datname = $1", name):
            await _build_template(admin, server_url, name)
    return name


async def clone(server_url: str, template: str) -> str:
    """The URL of a fresh copy of `template`."""
    name = f"laurel_test_{secrets.token_hex(6)}"
    async with _connected(server_url) as admin:
        await admin.execute(f'create database "{name}" template "{template}"')
    return with_database(server_url, name)


async def drop(database_url: str, server_url: str) -> None:
    """Drop the database whoever is connected to it."""
    name = urlsplit(database_url).path.lstrip("/")
    async with _connected(server_url) as admin:
        await admin.execute(f'drop database if exists "{name}" with (force)')


async def _build_template(admin: asyncpg.Connection, server_url: str, name: str) -> None:
    draft = f"{name}_{secrets.token_hex(3)}"
    await admin.execute(f'create database "{draft}"')
    try:
        await migrate(with_database(server_url, draft))
        await admin.execute(f'alter database "{draft}" rename to "{name}"')
    except BaseException:
        await admin.execute(f'drop database if exists "{draft}" with (force)')
        raise


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _alone(admin: asyncpg.Connection) -> AsyncIterator[None]:
    await admin.execute("select pg_advisory_lock($1)", LOCK_KEY)
    try:
        yield
    finally:
        await admin.execute("select pg_advisory_unlock($1)", LOCK_KEY)

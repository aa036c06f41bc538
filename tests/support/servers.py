"""The real servers that tests run on: those named by the environment, else a stack of our own for this run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import redis

from stack import control
from stack.credentials import load_or_make
from stack.home import Home
from stack.postgres import ROLE
from tests.support.databases import run_in_thread

CLAIM_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Servers:
    database_url: str
    redis_url: str
    kafka_bootstrap: str


def from_environment() -> Servers | None:
    """The servers that the environment names, if it names all of them."""
    names = ("LAUREL_DATABASE_URL", "LAUREL_REDIS_URL", "LAUREL_KAFKA_BOOTSTRAP")
    values = [os.environ.get(name) for name in names]
    return Servers(*(value for value in values if value)) if all(values) else None


@contextmanager
def running() -> Iterator[Servers]:
    """The servers of the environment, else ones that live as long as the context."""
    if given := from_environment():
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="laurel-tests-") as folder,
        control.temporary(Path(folder), os.environ) as env,
    ):
        run_in_thread(_let_triggers_be_switched_off(env["LAUREL_DATABASE_URL"], Home.at(Path(folder))))
        yield Servers(env["LAUREL_DATABASE_URL"], env["LAUREL_REDIS_URL"], env["LAUREL_KAFKA_BOOTSTRAP"])


async def _let_triggers_be_switched_off(database_url: str, home: Home) -> None:
    """Tests corrupt records on purpose, which Laurel's role may not do on a stack that is not a test's."""
    superuser = {"user": "postgres", "password": load_or_make(home).postgres_password}
    connection = await asyncpg.connect(database_url, **superuser)
    await connection.execute(f"grant set on parameter session_replication_role to {ROLE}")
    await connection.close()


@contextmanager
def redis_database(server_url: str) -> Iterator[str]:
    """The URL of an empty logical database that no other test uses meanwhile."""
    with redis.Redis.from_url(server_url, db=0) as claims:
        count = int(claims.config_get("databases")["databases"])
        number = next(
            n for n in range(1, count) if claims.set(f"laurel:test:claim:{n}", "1", nx=True, ex=CLAIM_SECONDS)
        )
        url = f"{server_url.rsplit('/', 1)[0]}/{number}"
        with redis.Redis.from_url(url) as mine:
            mine.flushdb()
            try:
                yield url
            finally:
                mine.flushdb()
                claims.delete(f"laurel:test:claim:{number}")

"""Fixtures on the real servers. Every test has a database, a Redis database and names of its own."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.support import databases, processes, waiting
from tests.support.databases import run_in_thread
from tests.support.processes import LaurelProcess
from tests.support.servers import Servers, redis_database, running

StartLaurel = Callable[..., LaurelProcess]

SEED_VARIABLE, LONG_VARIABLE = "LAUREL_TEST_SEED", "LAUREL_TEST_LONG"


def pytest_configure(config: pytest.Config) -> None:
    # whoever ends a run this way (a CI at its limit) leaves no servers behind
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # a run that a shell put into the background ignores Ctrl-C, and so would the processes that tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault(SEED_VARIABLE, str(secrets.randbelow(2**32)))


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {os.environ[SEED_VARIABLE]} (repeat this run with {SEED_VARIABLE})"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Randomness of this test alone, the same again for the same seed."""
    return random.Random(f"{os.environ[SEED_VARIABLE]}:{request.node.nodeid}")


@pytest.fixture(scope="session")
def whole_campaigns() -> bool:
    """Whether campaigns run whole (`make test-long`) or with a smaller count."""
    return bool(os.environ.get(LONG_VARIABLE))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL, Valkey and Kafka: those of the environment, else started once for this run."""
    with running() as found:
        yield found


@pytest.fixture(scope="session")
def template_database(servers: Servers) -> str:
    """The name of the database that has every migration applied and no rows of ours."""
    return run_in_thread(databases.ensure_template(servers.database_url))


@pytest.fixture
def database_url(servers: Servers, template_database: str) -> Iterator[str]:
    """A migrated database for this test alone."""
    url = run_in_thread(databases.clone(servers.database_url, template_database))
    yield url
    run_in_thread(databases.drop(url, servers.database_url))


@pytest.fixture
def empty_database_url(servers: Servers) -> Iterator[str]:
    """A database for this test alone, without any migration."""
    url = run_in_thread(databases.clone(servers.database_url, "template0"))
    yield url
    run_in_thread(databases.drop(url, servers.database_url))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=10) as opened:
        yield opened


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def redis_url(servers: Servers) -> Iterator[str]:
    """A Redis database for this test alone, empty."""
    with redis_database(servers.redis_url) as url:
        yield url


@pytest.fixture
def kafka_bootstrap(servers: Servers) -> str:
    return servers.kafka_bootstrap


@pytest.fixture
def unique() -> str:
    """A word that no other test has: for names of topics, groups and keys."""
    return secrets.token_hex(5)


@pytest.fixture
def topic_prefix(unique: str) -> str:
    return f"test-{unique}."


@pytest.fixture
def eventually() -> Callable[..., object]:
    """`await eventually(check, timeout_seconds=10)`: see tests.support.waiting."""
    return waiting.eventually


@pytest.fixture
def laurel_process(database_url: str, redis_url: str, kafka_bootstrap: str, tmp_path: Path) -> Iterator[StartLaurel]:
    """`laurel_process("relay", LAUREL_X="…")` starts it on this test's servers; it is ended with the test."""
    own = {
        "LAUREL_DATABASE_URL": database_url,
        "LAUREL_REDIS_URL": redis_url,
        "LAUREL_KAFKA_BOOTSTRAP": kafka_bootstrap,
    }
    started: list[LaurelProcess] = []
    numbers = itertools.count(1)

    def start(*arguments: str, **environment: str) -> LaurelProcess:
        log = tmp_path / f"{next(numbers)}-{arguments[0]}.log"
        started.append(processes.start(arguments, {**own, **environment}, log))
        return started[-1]

    yield start
    for process in reversed(started):
        processes.end(process)

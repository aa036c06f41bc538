"""One whole system for the tests of this folder that can live with what the others did in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from cli.demo_program.seeding import Seeded, seed_demo_program
from cli.journey.client import ApiClient, open_session
from cli.journey.replaying import minting
from loyalty.clock import system_clock
from loyalty.store.database import Pool, open_pool, transaction
from tests.support.databases import run_in_thread
from tests.support.servers import Servers
from tests.support.system import System, own_environment, running_system


@contextmanager
def demo_system(servers: Servers, template: str, paths: pytest.TempPathFactory) -> Iterator[System]:
    """Two Customer APIs, an Admin API, a relay and a worker, with the demo program in a database of their own."""
    with own_environment(servers, template) as environment:
        run_in_thread(seed(environment["LAUREL_DATABASE_URL"]))
        with running_system(environment, paths.mktemp("system")) as running:
            yield running


@pytest.fixture(scope="session")
def system(servers: Servers, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system that tests share, one after the other."""
    with demo_system(servers, template_database, tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def own_system(servers: Servers, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system for one file's tests alone."""
    with demo_system(servers, template_database, tmp_path_factory) as running:
        yield running


@pytest.fixture
async def database(system: System) -> AsyncIterator[Pool]:
    """The system's database."""
    async with await open_pool(system.environment["LAUREL_DATABASE_URL"], size=4, name="test") as pool:
        yield pool


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(300) as opened:
        yield opened


@pytest.fixture
async def client(system: System, session: aiohttp.ClientSession) -> ApiClient:
    """Speaks as any member to both Customer APIs."""
    return ApiClient(session, system.customer_urls, minting(system.settings))


async def seed(database_url: str) -> None:
    async with await open_pool(database_url, size=1, name="test") as pool, transaction(pool) as conn:
        assert await seed_demo_program(conn, system_clock) is Seeded.CREATED

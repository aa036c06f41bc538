"""The release before this one and the code of now run side by side on the schema of now, as they do while a new
version is rolled out: what either takes in, either may work on, and the ledger is whole.

The code of that release is kept in the folder `release` beside this file (tools/keep_release.py).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from cli.demo_program.seeding import Seeded, seed_demo_program
from loyalty.clock import new_id, system_clock
from loyalty.store.admins import insert_admin
from loyalty.store.database import Pool, open_pool, transaction
from schemas.admin.access import Admin
from tests.support import processes
from tests.support.databases import run_in_thread
from tests.support.people import new_members, new_merchant, new_reward
from tests.support.servers import Servers
from tests.support.system import System, free_ports, own_environment, own_topics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

[RELEASE] = (Path(__file__).parent / "release").glob("*.tar.xz")
RUNNING = {
    "customer-api-then": ("customer-api", "LAUREL_CUSTOMER_API_PORT"),
    "customer-api-now": ("customer-api", "LAUREL_CUSTOMER_API_PORT"),
    "admin-api-then": ("admin-api", "LAUREL_ADMIN_API_PORT"),
    "admin-api-now": ("admin-api", "LAUREL_ADMIN_API_PORT"),
    "worker-then": ("worker", "LAUREL_WORKER_HEALTH_PORT"),
    "worker-now": ("worker", "LAUREL_WORKER_HEALTH_PORT"),
    "relay-now": ("relay", "LAUREL_RELAY_METRICS_PORT"),
}
PACKAGES = "agents, api, cli, loyalty, outbox"
MEMBERS = 24
DECISION_SECONDS = 90
Eventually = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Shopper:
    """A member who buys at one API and looks at the other."""

    session: aiohttp.ClientSession
    settings: Any
    member_id: UUID

    async def post(self, url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid4()), **self._authorization}
        async with self.session.post(f"{url}/api/customer{path}", json=body, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status in (201, 202), found
            return found

    async def get(self, url: str, path: str) -> dict[str, Any]:
        async with self.session.get(f"{url}/api/customer{path}", headers=self._authorization) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status == 200, found
            return found

    @property
    def _authorization(self) -> dict[str, str]:
        token = mint_access_token(self.settings.signing_key, self.member_id, "customer", seconds=900)
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def side_by_side(environment: dict[str, str], folder: Path) -> Iterator[System]:
    """The processes of RUNNING, those of `then` with the code of the release; ready when it begins."""
    with tarfile.open(RELEASE) as archive:
        archive.extractall(folder / "then", filter="data")
    system = System(environment, folder, dict(zip(RUNNING, free_ports(len(RUNNING)), strict=True)))
    with own_topics(system):
        try:
            for name, (command, port) in RUNNING.items():
                own = {**environment, port: str(system.ports[name]), "LAUREL_WORKER_ID": f"{uuid4()}"}
                code = {"PYTHONPATH": str(folder / "then")} if name.endswith("then") else {}
                system.processes[name] = processes.start((command,), own | code, folder / f"{name}.log")
            system.until_ready()
            yield system
        finally:
            system.end()


@pytest.fixture
def system(servers: Servers, template_database: str, tmp_path: Path) -> Iterator[System]:
    with own_environment(servers, template_database) as environment:
        run_in_thread(_seed(environment["LAUREL_DATABASE_URL"]))
        with side_by_side(environment, tmp_path) as running:
            yield running


@pytest.fixture
async def database(system: System) -> AsyncIterator[Pool]:
    async with await open_pool(system.environment["LAUREL_DATABASE_URL"], size=4, name="test") as pool:
        yield pool


async def test_the_release_before_and_this_one_serve_together(
    system: System, database: Pool, eventually: Eventually
) -> None:
    urls = system.url("customer-api-then"), system.url("customer-api-now")
    members = await new_members(database, MEMBERS, points=1_000)
    merchant, reward = await new_merchant(database), await new_reward(database, points_cost=100)
    async with aiohttp.ClientSession() as session:
        shoppers = [Shopper(session, system.settings, member) for member in members]
        await asyncio.gather(
            *[
                _buy_and_redeem(shopper, urls[n % 2], urls[1 - n % 2], merchant, reward, eventually)
                for n, shopper in enumerate(shoppers)
            ]
        )
        for name in ("admin-api-then", "admin-api-now"):
            await _looks_right_to_an_administrator(session, system, database, name)
        worked = {name: await _events_done(session, system, name) for name in ("worker-then", "worker-now")}
        assert all(worked.values()), f"one of them did nothing: {worked}"
        await _the_old_ones_leave(system, shoppers[0], merchant, reward, eventually)
    verified = await asyncio.to_thread(system.laurel, "ledger", "verify")
    assert verified.returncode == 0


def test_what_is_said_to_be_of_then_is_of_then(tmp_path: Path) -> None:
    """A path that is searched too late would run the code of now twice."""
    with tarfile.open(RELEASE) as archive:
        archive.extractall(tmp_path, filter="data")
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import agents, api, cli, loyalty, outbox; print(*map(repr, list(vars().values())))",
        ],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count(str(tmp_path)) == 5, done.stdout


async def _buy_and_redeem(
    shopper: Shopper, here: str, there: str, merchant: UUID, reward: UUID, eventually: Eventually
) -> None:
    """Bought and asked for at one API, and seen to have been decided at the other."""
    purchase = {"amount": "12.34", "currency": "USD", "merchant_id": str(merchant)}
    bought = await shopper.post(here, "/transaction", purchase)
    asked = await shopper.post(here, "/redeem", {"reward_id": str(reward)})

    async def both_are_done() -> None:
        seen = await shopper.get(there, f"/transactions/{bought['transaction_id']}")
        redemption = await shopper.get(there, f"/redemptions/{asked['redemption_id']}")
        assert (seen["status"], redemption["status"]) == ("awarded", "completed")

    await eventually(lambda: _true(both_are_done()), DECISION_SECONDS)


async def _true(done: Any) -> bool:
    await done
    return True


async def _looks_right_to_an_administrator(
    session: aiohttp.ClientSession, system: System, database: Pool, name: str
) -> None:
    token = await _admin_token(system, database)
    for path in ("/transactions", "/redemptions", "/members", "/rewards", "/program"):
        url = f"{system.url(name)}/api/admin{path}"
        async with session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200, f"{name} {path}: {await answer.text()}"


async def _admin_token(system: System, database: Pool) -> str:
    admin = Admin(
        admin_id=new_id(),
        email=f"{uuid4()}@laurel.example",
        name="Tests",
        role="viewer",
        active=True,
        created_at=system_clock(),
    )
    async with database.acquire() as conn:
        await insert_admin(conn, admin, "!")
    return mint_access_token(system.settings.signing_key, admin.admin_id, "admin", seconds=900, role=Role.VIEWER)


async def _events_done(session: aiohttp.ClientSession, system: System, name: str) -> float:
    """How many events the worker has done, by its own count."""
    async with session.get(f"{system.url(name)}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("laurel_worker_events_total"))


async def _the_old_ones_leave(
    system: System, shopper: Shopper, merchant: UUID, reward: UUID, eventually: Eventually
) -> None:
    """The roll-out ends: what is left goes on alone."""
    for name in [name for name in system.processes if name.endswith("then")]:
        assert await asyncio.to_thread(system.processes.pop(name).stop) == 0, name
    now = system.url("customer-api-now")
    await _buy_and_redeem(shopper, now, now, merchant, reward, eventually)


async def _seed(database_url: str) -> None:
    async with await open_pool(database_url, size=1, name="test") as pool, transaction(pool) as conn:
        assert await seed_demo_program(conn, system_clock) is Seeded.CREATED

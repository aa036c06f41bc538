"""A server goes away and comes back: meanwhile requests work or get a clear 503, nothing is lost, all catches up.

Nobody restarts a process of ours: each must find its own way back.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from cli.demo_program.seeding import seed_demo_program
from cli.journey.client import ApiClient, open_session
from cli.journey.replaying import minting
from loyalty.clock import system_clock
from loyalty.store.database import DATABASE_AWAY, Pool, open_pool, transaction
from loyalty.store.replaying import count_pipeline
from tests.support.audits import ledger_faults, published
from tests.support.campaigns import sized, write_report
from tests.support.own_servers import OwnServers, own_servers
from tests.support.people import new_members, new_merchant
from tests.support.system import System, running_system
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

AWAY_SECONDS = sized(8, 20)
CATCH_UP_SECONDS = 60
SHOPPERS = 6
A_WEDNESDAY = "2017-03-01T17:00:00Z"
PAUSE_SECONDS = 0.05
PATH = "/api/customer/transaction"
TIMEOUT = aiohttp.ClientTimeout(total=15)


@dataclass(slots=True)
class Shopping:
    """Members who buy one thing after another, each with a key of its own, and ask again until it is recorded."""

    client: ApiClient
    merchant: UUID
    members: list[UUID]
    recorded: Counter[UUID] = field(default_factory=Counter)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def shop(self, member: UUID) -> None:
        while not self.enough.is_set():
            answer = await self.client.post(member, PATH, purchase(self.merchant), str(uuid4()))
            assert answer.status == 201, answer
            self.recorded[member] += 1
            await asyncio.sleep(PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class World:
    servers: OwnServers
    system: System
    pool: Pool
    session: aiohttp.ClientSession

    @property
    def client(self) -> ApiClient:
        return ApiClient(self.session, self.system.customer_urls, minting(self.system.settings))

    async def ask(self, member: UUID, method: str, path: str, body: object = None) -> aiohttp.ClientResponse:
        """One request, asked once."""
        headers = {"Authorization": f"Bearer {self.client.mint(member)}", "Idempotency-Key": str(uuid4())}
        url = self.system.customer_urls[0] + path
        async with self.session.request(method, url, json=body, headers=headers, timeout=TIMEOUT) as response:
            await response.read()
            return response


def earned(purchases: int) -> int:
    """By so many purchases of ten dollars: from 200 dollars on a tenth more each, from 500 a quarter, rounded down."""
    return sum(10 if before < 20 else 11 if before < 50 else 12 for before in range(purchases))


def purchase(merchant: UUID) -> dict[str, str]:
    return {"amount": "10.00", "currency": "USD", "merchant_id": str(merchant), "occurred_at": A_WEDNESDAY}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("outages")
    async with own_servers(folder / "home") as servers:
        environment = {
            **servers.variables,
            "LAUREL_TOPIC_PREFIX": "outages.",
            "LAUREL_KAFKA_PARTITIONS": "4",
            "LAUREL_RATE_LIMIT_PER_MINUTE": "100000",
        }
        System(environment, folder, {}).laurel("migrate")
        with running_system(environment, folder) as system:
            async with (
                await open_pool(environment["LAUREL_DATABASE_URL"], size=4, name="test") as pool,
                open_session(50) as session,
            ):
                async with transaction(pool) as conn:
                    await seed_demo_program(conn, system_clock)
                yield World(servers, system, pool, session)


async def test_postgres_away_is_a_clear_503(world: World) -> None:
    async with _shopping(world) as shopping, world.servers.without("postgres"):
        for method, path, body in (
            ("POST", PATH, purchase(shopping.merchant)),
            ("POST", "/api/customer/redeem", {"reward_id": str(uuid4())}),
            ("GET", "/api/customer/points/balance", None),
            ("GET", "/api/customer/rewards", None),
        ):
            response = await world.ask(shopping.members[0], method, path, body)
            assert (response.status, response.content_type) == (503, "application/problem+json")
            assert response.headers["Retry-After"].isdigit()
            assert (await response.json())["code"]
        assert await _ready(world) == (503, {"database"})
        await asyncio.sleep(AWAY_SECONDS)
    assert shopping.client.retries_by_cause["503"] > 0
    await _caught_up(world, "postgres", shopping)


async def test_kafka_away_is_not_noticed_at_the_door(world: World) -> None:
    async with _shopping(world) as shopping, world.servers.without("kafka"):
        before = shopping.recorded.total()
        await asyncio.sleep(AWAY_SECONDS)
        assert shopping.recorded.total() > before
    assert shopping.client.retries_by_cause == {}
    await _caught_up(world, "kafka", shopping)


async def test_valkey_away_and_requests_work(world: World) -> None:
    async with _shopping(world) as shopping, world.servers.without("valkey"):
        before = shopping.recorded.total()
        await asyncio.sleep(AWAY_SECONDS)
        assert shopping.recorded.total() > before
        assert await _ready(world) == (200, {"redis"})
        balance = await world.ask(shopping.members[0], "GET", "/api/customer/points/balance")
        assert balance.status == 200
    assert shopping.client.retries_by_cause == {}
    await _caught_up(world, "valkey", shopping)


@asynccontextmanager
async def _shopping(world: World) -> AsyncIterator[Shopping]:
    """Shoppers at work as long as the context lasts; their last purchases are waited for."""
    shopping = Shopping(world.client, await new_merchant(world.pool), await new_members(world.pool, SHOPPERS))
    async with asyncio.TaskGroup() as group:
        for member in shopping.members:
            group.create_task(shopping.shop(member))
        await eventually(lambda: shopping.recorded.total() >= SHOPPERS, CATCH_UP_SECONDS)
        try:
            yield shopping
        finally:
            shopping.enough.set()


async def _ready(world: World) -> tuple[int, set[str]]:
    """What the Customer API says of itself: the status, and what is missing."""
    async with world.session.get(world.system.customer_urls[0] + "/health/ready", timeout=TIMEOUT) as response:
        return response.status, set(json.loads(await response.read())["missing"])


async def _caught_up(world: World, server: str, shopping: Shopping) -> None:
    """Everything that was answered is there and decided, by the same processes."""
    await eventually(partial(_decided, world.pool), CATCH_UP_SECONDS)
    async with world.pool.acquire() as conn:
        rows = await conn.fetch("select member_id, available from wallet where member_id = any($1)", shopping.members)
        faults = await ledger_faults(conn)
    expected = {member: earned(count) for member, count in shopping.recorded.items()}
    assert {row["member_id"]: row["available"] for row in rows} == expected
    assert faults == dict.fromkeys(faults, 0)
    findings = await published(world.system, world.pool, CATCH_UP_SECONDS)
    assert findings.clean, findings
    assert [name for name, process in world.system.processes.items() if not process.running()] == []
    found = {"away_seconds": AWAY_SECONDS, "purchases": shopping.recorded.total(), "repeated": findings.repeated}
    write_report(f"outage-{server}", {**found, "asked_again": shopping.client.retries_by_cause})


async def _decided(pool: Pool) -> bool:
    try:
        async with pool.acquire() as conn:
            return not (await count_pipeline(conn)).undecided
    except DATABASE_AWAY:
        return False

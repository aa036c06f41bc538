"""The Customer API on a port of its own, and what a member needs to do anything there."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

import pytest

from api.customer.app import create_app
from loyalty.settings import Settings
from loyalty.store.database import Pool
from tests.conftest import StartLaurel
from tests.support.apis import SIGNING_KEY, Client, client_of, free_port, serving, settings_for
from tests.support.processes import LaurelProcess
from tests.support.rows import add_member, add_merchant, add_reward, laurel_pool

PREFIX = "/api/customer"
Eventually = Callable[..., Awaitable[object]]
StartApi = Callable[..., Awaitable[tuple[LaurelProcess, Client]]]
TABLES = ("member", "wallet", "transaction", "redemption", "outbox", "idempotency_key", "refresh_token")


@dataclass(frozen=True, slots=True)
class Shop:
    """A member, a merchant and a reward."""

    member_id: UUID
    merchant_id: UUID
    reward_id: UUID

    def purchase(self, amount: str = "12.34", **more: object) -> dict[str, object]:
        return {"amount": amount, "currency": "GBP", "merchant_id": str(self.merchant_id), **more}


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return settings_for(database_url, redis_url)


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator[Pool]:
    """The test's own look at the database."""
    async with laurel_pool(database_url) as pool:
        yield pool


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with serving(create_app(settings)) as url, client_of(url, PREFIX) as opened:
        yield opened


@pytest.fixture
async def shop(rows: Pool) -> Shop:
    async with rows.acquire() as conn:
        return Shop(await add_member(conn), await add_merchant(conn), await add_reward(conn))


@pytest.fixture
def member(client: Client, shop: Shop) -> Client:
    """The member of the shop, signed in."""
    return client.as_member(shop.member_id)


@pytest.fixture
async def start_api(laurel_process: StartLaurel, eventually: Eventually, unique: str) -> AsyncIterator[StartApi]:
    """`process, client = await start_api()`: a Customer API as an operator would start it, a process of its own."""
    async with AsyncExitStack() as stack:

        async def start(**environment: str) -> tuple[LaurelProcess, Client]:
            port = free_port()
            own = {
                "LAUREL_CUSTOMER_API_PORT": str(port),
                "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
                "LAUREL_TRANSACTION_TRUST": "open",
                "LAUREL_RATE_LIMIT_PER_MINUTE": "100000",
                "LAUREL_TOPIC_PREFIX": f"test-{unique}.",
            }
            process = laurel_process("customer-api", **(own | environment))
            await eventually(lambda: _listens(port, process), timeout_seconds=30)
            return process, await stack.enter_async_context(client_of(f"http://127.0.0.1:{port}", PREFIX))

        yield start


def _listens(port: int, process: LaurelProcess) -> bool:
    if not process.running():
        raise RuntimeError(process.log_text())
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def count_rows(rows: Pool) -> dict[str, int]:
    """How many rows each table has that a request may write to."""
    return {table: await rows.fetchval(f"select count(*) from {table}") for table in TABLES}

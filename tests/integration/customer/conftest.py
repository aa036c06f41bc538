"""The Customer API on a port of its own, and what a member needs to do anything there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from api.customer.app import create_app
from loyalty.settings import Settings
from loyalty.store.database import Pool
from tests.support.apis import Client, client_of, serving, settings_for
from tests.support.rows import add_member, add_merchant, add_reward, laurel_pool

PREFIX = "/api/customer"
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


async def count_rows(rows: Pool) -> dict[str, int]:
    """How many rows each table has that a request may write to."""
    return {table: await rows.fetchval(f"select count(*) from {table}") for table in TABLES}

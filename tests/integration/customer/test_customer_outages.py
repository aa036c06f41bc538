"""The database or Redis goes away and comes back."""

from __future__ import annotations

import asyncio

from api.customer.app import create_app
from loyalty.store.database import Pool
from tests.integration.customer.conftest import PREFIX, Eventually, Shop
from tests.support.apis import client_of, serving, settings_for
from tests.support.proxy import proxied


async def test_without_the_database_requests_are_refused_clearly_and_then_go_on(
    database_url: str, redis_url: str, shop: Shop, rows: Pool, eventually: Eventually
) -> None:
    async with proxied(database_url) as (url, proxy):
        settings = settings_for(url, redis_url, database_wait_seconds=3)
        async with serving(create_app(settings)) as api, client_of(api, PREFIX) as client:
            member = client.as_member(shop.member_id)
            assert (await member.get("/points")).status == 200
            await proxy.cut()

            refused = [await member.post("/transaction", shop.purchase(), key="k"), await member.get("/points")]
            for reply in refused:
                assert (reply.status, reply.code) == (503, "unavailable")
                assert reply.headers["Retry-After"] == "1"
                assert "connection" not in reply.body["detail"].lower()
            ready = await client.outside().get("/health/ready")
            assert (ready.status, ready.body["missing"]) == (503, ["database"])
            assert (await client.outside().get("/health/live")).status == 200

            await proxy.mend()

            async def answers() -> bool:
                return (await member.post("/transaction", shop.purchase(), key="k")).status == 201

            assert await eventually(answers)
            assert await rows.fetchval("select count(*) from transaction") == 1


async def test_an_api_starts_before_its_database(database_url: str, redis_url: str, eventually: Eventually) -> None:
    async with proxied(database_url) as (url, proxy):
        await proxy.cut()
        settings = settings_for(url, redis_url, database_wait_seconds=3)
        async with serving(create_app(settings)) as api, client_of(api) as client:
            assert (await client.get("/health/ready")).status == 503
            await proxy.mend()

            async def is_ready() -> bool:
                return (await client.get("/health/ready")).status == 200

            assert await eventually(is_ready)


async def test_without_redis_everything_works_and_limits_come_back(
    database_url: str, redis_url: str, shop: Shop, eventually: Eventually
) -> None:
    async with proxied(redis_url) as (url, proxy):
        settings = settings_for(database_url, url, rate_limit_per_minute=1000)
        async with serving(create_app(settings)) as api, client_of(api, PREFIX) as client:
            member = client.as_member(shop.member_id)
            assert "RateLimit" in (await member.get("/points")).headers
            await proxy.cut()

            async with asyncio.timeout(20):
                replies = [await member.post("/transaction", shop.purchase()) for _ in range(10)]
            assert {reply.status for reply in replies} == {201}
            assert "RateLimit" not in replies[-1].headers
            ready = await client.outside().get("/health/ready")
            assert (ready.status, ready.body) == (200, {"status": "degraded", "missing": ["redis"]})

            await proxy.mend()

            async def limits() -> bool:
                return "RateLimit" in (await member.get("/points")).headers

            assert await eventually(limits)

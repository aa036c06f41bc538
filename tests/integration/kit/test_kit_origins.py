"""Proxies, pages of other origins, and limits for addresses, on a real port."""

from __future__ import annotations

from api.kit.app import build_app
from loyalty.settings import Settings
from tests.integration.kit.conftest import API
from tests.support.apis import Client, client_of, serving

SHOP, OTHER = "https://shop.example", "https://evil.example"
ASKING = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


async def test_no_page_of_another_origin_is_let_in_by_default(client: Client) -> None:
    asked = await client.send("OPTIONS", "/parcels", headers={"Origin": SHOP, **ASKING})
    read = await client.get("/parcels", Origin=SHOP)
    assert (asked.status, read.status) == (405, 200)
    for reply in (asked, read):
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


async def test_listed_origins_may_ask_and_read(settings: Settings) -> None:
    listed = settings.model_copy(update={"cors_origins": f"{SHOP}, http://localhost:3000"})
    async with serving(build_app(API, listed)) as url, client_of(url, API.prefix) as client:
        asked = await client.send("OPTIONS", "/parcels", headers={"Origin": SHOP, **ASKING})
        assert asked.status == 204
        assert asked.headers["Access-Control-Allow-Origin"] == SHOP
        assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in asked.headers
        refusal = await client.get("/nowhere", Origin=SHOP)
        assert (refusal.status, refusal.headers["Access-Control-Allow-Origin"]) == (404, SHOP)
        assert "Retry-After" in refusal.headers["Access-Control-Expose-Headers"]
        for origin in (OTHER, "null", SHOP + ".evil.example"):
            foreign = await client.get("/parcels", Origin=origin)
            assert "Access-Control-Allow-Origin" not in foreign.headers
            assert foreign.headers["Vary"] == "Origin"
            assert (await client.send("OPTIONS", "/parcels", headers={"Origin": origin, **ASKING})).status == 405


async def test_behind_a_trusted_proxy_every_client_has_its_own_limit(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_per_minute": 3, "trusted_proxies": "127.0.0.0/8"})
    async with serving(build_app(API, limited)) as url, client_of(url, API.prefix) as client:
        assert await _statuses(client, "203.0.113.1") == [200, 200, 200, 429]
        assert await _statuses(client, "203.0.113.2") == [200, 200, 200, 429]
        forged = [f"198.51.100.{n}, 203.0.113.2" for n in range(2)]
        assert [(await client.get("/parcels", **{"X-Forwarded-For": each})).status for each in forged] == [429, 429]


async def test_without_one_nobody_gets_a_limit_of_its_own_by_a_header(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_per_minute": 3})
    async with serving(build_app(API, limited)) as url, client_of(url, API.prefix) as client:
        assert await _statuses(client, "203.0.113.1") == [200, 200, 200, 429]
        assert await _statuses(client, "203.0.113.2") == [429] * 4


async def _statuses(client: Client, forwarded_for: str) -> list[int]:
    return [(await client.get("/parcels", **{"X-Forwarded-For": forwarded_for})).status for _ in range(4)]

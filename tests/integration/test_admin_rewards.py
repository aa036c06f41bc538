"""Rewards, tiers and the program's settings through the Admin API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.admin_api import AdminApi, Client, admin_api
from tests.support.rows import add_member, add_merchant, add_redemption, add_reward, add_transaction

MUG: dict[str, Any] = {"name": "Mug", "points_cost": 500, "stock_remaining": 10}
BASE: dict[str, Any] = {"code": "base", "name": "Member", "rank": 0, "threshold_points": 0}
GOLD: dict[str, Any] = {"code": "gold", "name": "Gold", "rank": 1, "threshold_points": 1000, "multiplier": "1.5"}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def offer(api: AdminApi, **fields: Any) -> str:
    reply = await api.as_role("operator").post("/rewards", {**MUG, **fields})
    assert reply.status == 201, reply.body
    return f"/rewards/{reply.body['reward_id']}"


async def test_a_reward_is_offered_changed_and_audited(api: AdminApi) -> None:
    path = await offer(api, description="Blue", ends_at="2027-01-01T00:00:00+01:00")
    operator = api.as_role("operator")
    assert (await operator.get(path)).body["ends_at"] == "2026-12-31T23:00:00Z"
    changed = await operator.patch(path, {"points_cost": 400, "ends_at": None, "active": False})
    assert (changed.body["points_cost"], changed.body["ends_at"], changed.body["name"]) == (400, None, "Mug")
    entry = (await api.audited())[-1]
    assert entry["before"].keys() == {"points_cost", "ends_at", "active", "updated_at"}
    assert entry["after"]["points_cost"] == 400
    assert (await operator.get("/rewards", active="true")).body["data"] == []
    assert (await operator.get("/rewards")).body["data"] == [changed.body]


async def test_stock_changes_add_up_whoever_makes_them(api: AdminApi) -> None:
    path, operator = await offer(api), api.as_role("operator")
    await asyncio.gather(*(operator.patch(path, {"stock_change": 5}) for _ in range(6)))
    assert (await operator.get(path)).body["stock_remaining"] == 40
    below = await operator.patch(path, {"stock_change": -41})
    assert (below.status, below.pointers, below.body["stock_remaining"]) == (422, ["/stock_change"], 40)
    assert (await operator.patch(path, {"stock_remaining": None})).body["stock_remaining"] is None
    assert (await operator.patch(path, {"stock_change": 1})).pointers == ["/stock_change"]


async def test_a_wrong_reward_is_named_and_writes_nothing(api: AdminApi) -> None:
    path, operator = await offer(api), api.as_role("operator")
    before = await api.count_rows()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"points_cost": 0}, "/points_cost"),
        ({"points_cost": 2.5}, "/points_cost"),
        ({"name": None}, "/name"),
        ({"image_url": "javascript:alert(1)"}, "/image_url"),
        ({"image_url": "//elsewhere.example/mug.svg"}, "/image_url"),
        ({"minimum_tier_code": "platinum"}, "/minimum_tier_code"),
        ({"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "/ends_at"),
        ({"starts_at": "2027-01-02"}, "/starts_at"),
        ({"limit_per_member": 0}, "/limit_per_member"),
        ({"colour": "blue"}, "/colour"),
    ]
    for fields, pointer in wrong:
        created = await operator.post("/rewards", {**MUG, **fields})
        changed = await operator.patch(path, fields)
        assert (created.status, created.pointers) == (422, [pointer]), fields
        assert (changed.status, changed.pointers) == (422, [pointer]), fields
    both = await operator.patch(path, {"stock_change": 1, "stock_remaining": 1})
    assert both.status == 422
    assert await api.count_rows() == before


async def test_redemptions_are_found_by_status_member_and_reward(api: AdminApi) -> None:
    reward_id = (await offer(api)).removeprefix("/rewards/")
    async with api.pool.acquire() as conn:
        ada, grace = await add_member(conn), await add_member(conn)
        first = await add_redemption(conn, ada, reward_id)  # type: ignore[arg-type]  # the id as text is fine
        second = await add_redemption(conn, grace, reward_id)  # type: ignore[arg-type]
        await conn.execute(
            "update redemption set status = 'rejected', reason = 'out_of_stock', completed_at = now() where id = $1",
            first,
        )
    viewer = api.as_role("viewer")

    async def found(**query: object) -> list[str]:
        return [row["redemption_id"] for row in (await viewer.get("/redemptions", **query)).body["data"]]

    assert await found() == [str(second), str(first)]
    assert await found(status="rejected") == [str(first)]
    assert await found(member_id=grace, reward_id=reward_id) == [str(second)]
    assert await found(member_id=reward_id) == []
    assert (await viewer.get("/redemptions", member_id="x")).pointers == ["/member_id"]


async def test_a_viewer_cannot_spend_what_they_see(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        redemption_id = await add_redemption(conn, await add_member(conn), await add_reward(conn))
        await conn.execute(
            "update redemption set status = 'completed', voucher_code = 'AAAA-BBBB-CCCC', completed_at = now() "
            "where id = $1",
            redemption_id,
        )

    async def seen(client: Client) -> list[str]:
        return [row["voucher_code"] for row in (await client.get("/redemptions")).body["data"]]

    assert await seen(api.as_role("viewer")) == ["…CCCC"]
    assert await seen(api.as_role("operator")) == await seen(api.admin) == ["AAAA-BBBB-CCCC"]


async def test_the_ladder_is_replaced_whole(api: AdminApi) -> None:
    version = (await api.admin.get("/program")).body["ruleset_version"]
    silver = {**GOLD, "code": "silver", "name": "Silver", "rank": 2, "threshold_points": 5000}
    reply = await api.admin.put("/tiers", {"tiers": [silver, GOLD, BASE]})
    assert reply.status == 200, reply.body
    assert [tier["code"] for tier in reply.body["tiers"]] == ["base", "gold", "silver"]
    assert reply.body["tiers"][1]["multiplier"] == "1.5"
    swapped = [{**BASE}, {**silver, "rank": 1, "threshold_points": 10}, {**GOLD, "rank": 2}]
    assert (await api.admin.put("/tiers", {"tiers": swapped})).status == 200
    assert (await api.as_role("viewer").get("/tiers")).body["tiers"][1]["code"] == "silver"
    assert (await api.admin.get("/program")).body["ruleset_version"] == version + 2
    assert (await api.admin.put("/tiers", {"tiers": swapped})).status == 200
    assert (await api.admin.get("/program")).body["ruleset_version"] == version + 2
    assert [entry["action"] for entry in await api.audited()] == ["tiers.replaced"] * 2


async def test_a_tier_in_use_stays(api: AdminApi) -> None:
    await api.admin.put("/tiers", {"tiers": [BASE, GOLD]})
    await offer(api, minimum_tier_code="gold")
    reply = await api.admin.put("/tiers", {"tiers": [BASE]})
    assert (reply.status, reply.code, reply.body["tier_codes"]) == (409, "tier_in_use", ["gold"])


async def test_a_ladder_that_is_none_is_named(api: AdminApi) -> None:
    wrong: list[tuple[list[dict[str, Any]], str]] = [
        ([], "/tiers"),
        ([GOLD], "/tiers"),
        ([BASE, {**GOLD, "rank": 0}], "/tiers"),
        ([BASE, {**GOLD, "code": "base"}], "/tiers"),
        ([BASE, {**GOLD, "code": "UPPER"}], "/tiers/1/code"),
        ([BASE, {**GOLD, "multiplier": "0"}], "/tiers/1/multiplier"),
        ([BASE, {**GOLD, "multiplier": 1.5}], "/tiers/1/multiplier"),
        ([BASE, {**GOLD, "multiplier": "1.00001"}], "/tiers/1/multiplier"),
        ([{**BASE, "threshold_points": 5}], "/tiers"),
    ]
    before = await api.count_rows()
    for tiers, pointer in wrong:
        reply = await api.admin.put("/tiers", {"tiers": tiers})
        assert (reply.status, reply.pointers) == (422, [pointer]), tiers
    assert await api.count_rows() == before


async def test_the_program_changes_and_workers_are_told_when_it_matters(api: AdminApi) -> None:
    version = (await api.admin.get("/program")).body["ruleset_version"]
    named = (await api.admin.patch("/program", {"name": "Market", "point_value": "0.005"})).body
    assert (named["name"], named["point_value"], named["ruleset_version"]) == ("Market", "0.005", version)
    zoned = (await api.admin.patch("/program", {"time_zone": "Europe/London", "rounding": "half_up"})).body
    assert zoned["ruleset_version"] == version + 1
    wrong = await api.admin.patch("/program", {"time_zone": "Mars/Olympus", "currency": "XXX"})
    assert sorted(wrong.pointers) == ["/currency", "/time_zone"]


async def test_the_currency_is_fixed_by_the_first_purchase(api: AdminApi) -> None:
    assert (await api.admin.patch("/program", {"currency": "USD"})).status == 200
    assert (await api.admin.patch("/program", {"currency": "GBP"})).status == 200
    async with api.pool.acquire() as conn:
        await add_transaction(conn, await add_member(conn), await add_merchant(conn))
    reply = await api.admin.patch("/program", {"currency": "USD"})
    assert (reply.status, reply.code) == (409, "currency_fixed")

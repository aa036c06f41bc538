"""Rewards, asking for one, and the receipt of a purchase, with the worker's own services deciding."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from loyalty.clock import new_id, system_clock
from loyalty.services.incoming import Incoming
from loyalty.services.redeeming import decide_redemptions
from loyalty.store.database import Pool
from schemas.events import RewardRedeemed
from tests.integration.customer.conftest import PREFIX, Shop, count_rows
from tests.support.apis import Client
from tests.support.rows import add_member, add_reward, give_points


async def _decide(rows: Pool) -> None:
    """What the worker does with what is in the outbox."""
    payloads = await rows.fetch("select event_id, payload from outbox where topic = 'reward.redeemed' order by id")
    events = [Incoming(row["event_id"], RewardRedeemed.model_validate_json(row["payload"])) for row in payloads]
    async with rows.acquire() as conn, conn.transaction():
        await decide_redemptions(conn, events, system_clock)


async def test_a_reward_is_asked_for_and_decided(member: Client, shop: Shop, rows: Pool) -> None:
    async with rows.acquire() as conn:
        await give_points(conn, shop.member_id, 150)
    asked = [await member.post("/redeem", {"reward_id": str(shop.reward_id)}) for _ in range(2)]
    assert [(reply.status, reply.body["status"]) for reply in asked] == [(202, "pending")] * 2
    assert asked[0].headers["Location"] == f"{PREFIX}/redemptions/{asked[0].body['redemption_id']}"

    await _decide(rows)
    found = [(await member.get(reply.headers["Location"].removeprefix(PREFIX))).body for reply in asked]
    assert [each["status"] for each in found] == ["completed", "rejected"]
    assert found[0]["voucher_code"]
    assert found[1]["reason"] == "insufficient_points"
    assert (await member.get("/redemptions")).body["data"] == found[::-1]
    assert (await member.get("/points")).body["available"] == 50


async def test_a_redemption_names_its_reward_when_it_is_offered_no_more(member: Client, shop: Shop, rows: Pool) -> None:
    asked = await member.post("/redeem", {"reward_id": str(shop.reward_id)})
    name = await rows.fetchval("select name from reward where id = $1", shop.reward_id)
    await rows.execute("update reward set active = false where id = $1", shop.reward_id)
    assert (await member.get("/rewards")).body["data"] == []
    [listed] = (await member.get("/redemptions")).body["data"]
    assert [each["reward_name"] for each in (asked.body, listed)] == [name, name]


async def test_asking_writes_a_row_and_an_event_and_checks_no_points(member: Client, shop: Shop, rows: Pool) -> None:
    reply = await member.post("/redeem", {"reward_id": str(shop.reward_id)})
    event = await rows.fetchrow("select * from outbox")
    assert (event["topic"], str(event["event_id"])) == ("reward.redeemed", reply.body["redemption_id"])
    assert orjson.loads(event["payload"])["points_cost"] == 100


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reward_id": "019a0000-0000-7000-8000-00000000ffff"}, 404),
        ({"reward_id": "mug"}, 422),
        ({"reward_id": None}, 422),
        ({}, 422),
        ([], 422),
    ],
)
async def test_what_cannot_be_asked_for_writes_nothing(
    member: Client, shop: Shop, rows: Pool, body: Any, status: int
) -> None:
    before = await count_rows(rows)
    assert (await member.post("/redeem", body)).status == status
    assert await count_rows(rows) == before


async def test_all_reasons_against_a_reward_are_told(member: Client, shop: Shop, rows: Pool) -> None:
    await rows.execute("insert into tier (code, name, rank, threshold_points) values ('gold', 'Gold', 1, 500)")
    async with rows.acquire() as conn:
        await give_points(conn, shop.member_id, 60)
        far = await add_reward(conn, 100, stock_remaining=0, minimum_tier_code="gold")
        near = await add_reward(conn, 60)
        await add_reward(conn, 10, active=False)
    offered = {reward["reward_id"]: reward for reward in (await member.get("/rewards")).body["data"]}

    assert set(offered) == {str(far), str(near), str(shop.reward_id)}
    assert offered[str(near)]["eligible"]
    assert [reason["code"] for reason in offered[str(far)]["reasons"]] == [
        "tier_not_eligible",
        "out_of_stock",
        "insufficient_points",
    ]
    assert offered[str(far)]["reasons"][2]["points_missing"] == 40
    tier = (await member.get("/points")).body["tier"]
    assert (tier["next"], tier["next_name"], tier["points_to_next"]) == ("gold", "Gold", 500)


async def test_rewards_out_of_their_time_are_not_on_offer(member: Client, shop: Shop, rows: Pool) -> None:
    await rows.execute("update reward set starts_at = now() + interval '1 day'")
    assert (await member.get("/rewards")).body["data"] == []
    await rows.execute("update reward set starts_at = null, ends_at = now() - interval '1 day'")
    assert (await member.get("/rewards")).body["data"] == []
    assert (await member.post("/redeem", {"reward_id": str(shop.reward_id)})).status == 202


async def test_points_that_will_expire_are_told_soonest_first(member: Client, shop: Shop, rows: Pool) -> None:
    times = [datetime(year, 1, 1, tzinfo=UTC) for year in (2040, 2030, 2040)]
    async with rows.acquire() as conn:
        for points, at in zip((1, 2, 4), times, strict=True):
            await give_points(conn, shop.member_id, points, expires_at=at)
        await give_points(conn, shop.member_id, 8)
        await add_member(conn, 16)
    points = (await member.get("/points")).body
    assert points["available"] == 15
    assert points["expiring"] == [
        {"points": 2, "expires_at": "2030-01-01T00:00:00Z"},
        {"points": 5, "expires_at": "2040-01-01T00:00:00Z"},
    ]


async def test_a_receipt_says_nothing_before_the_award(member: Client, shop: Shop) -> None:
    made = (await member.post("/transaction", shop.purchase())).body["transaction_id"]
    receipt = (await member.get(f"/transactions/{made}/receipt")).body
    assert (receipt["status"], receipt["points_awarded"], receipt["steps"]) == ("recorded", None, None)


@pytest.mark.parametrize("path", ["/transactions", "/redemptions"])
async def test_ids_that_are_none_are_not_found(member: Client, path: str) -> None:
    replies = [await member.get(f"{path}/{bad}") for bad in (uuid4(), new_id(), "x", "%00", "1", "..%2Fprofile")]
    assert {(reply.status, reply.code) for reply in replies} == {(404, "not_found")}


async def test_pictures_of_rewards_are_served_from_here(client: Client) -> None:
    picture = await client.outside().get("/assets/rewards/mug.svg")
    assert picture.status == 200
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in picture.headers["Content-Security-Policy"]
    for bad in ("/assets/rewards/none.svg", "/assets/rewards/", "/assets/../app.py", "/assets/rewards/%2e%2e/x.svg"):
        assert (await client.outside().get(bad)).status == 404

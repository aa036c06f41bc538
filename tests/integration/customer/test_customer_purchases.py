"""Recording purchases: what is stored, what is emitted, what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from loyalty.store.database import Pool
from tests.integration.customer.conftest import PREFIX, Shop, count_rows
from tests.support.apis import Client
from tests.support.rows import add_member, add_merchant

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_purchase_is_stored_and_emitted_once(member: Client, shop: Shop, rows: Pool) -> None:
    items = [
        {"sku": "a", "amount": "12.3"},
        {"sku": "b", "category": "fruit", "quantity": 2, "amount": "0.04"},
    ]
    sent = shop.purchase(external_id="b-1", occurred_at="2017-03-01T12:00:00+01:00", items=items)
    reply = await member.post("/transaction", sent, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")

    assert reply.status == 201
    assert reply.headers["Location"] == f"{PREFIX}/transactions/{reply.body['transaction_id']}"
    assert reply.body["status"] == "recorded"
    assert reply.body["occurred_at"] == "2017-03-01T11:00:00Z"
    assert [item["amount"] for item in reply.body["items"]] == ["12.30", "0.04"]
    event = await rows.fetchrow("select * from outbox")
    assert str(event["event_id"]) == reply.body["transaction_id"]
    assert event["key"] == str(shop.member_id)
    assert TRACE in event["traceparent"]
    payload = json.loads(event["payload"])
    assert payload["amount"] == "12.34"
    assert payload["items"][1] == {"sku": "b", "category": "fruit", "quantity": 2, "amount": "0.04"}
    found = await member.get(f"/transactions/{reply.body['transaction_id']}")
    assert found.body == reply.body


async def test_amounts_are_exact_and_zero_is_one(member: Client, shop: Shop) -> None:
    for amount, shown in [("0", "0.00"), ("0.1", "0.10"), ("9999999999.99", "9999999999.99")]:
        reply = await member.post("/transaction", shop.purchase(amount))
        assert (reply.status, reply.body["amount"]) == (201, shown)


async def test_an_external_id_is_recorded_once(member: Client, shop: Shop, rows: Pool) -> None:
    first = await member.post("/transaction", shop.purchase(external_id="b-1"))
    again = await member.post("/transaction", shop.purchase("012.34", external_id="b-1"))
    other = await member.post("/transaction", shop.purchase("12.35", external_id="b-1"))

    assert (first.status, again.status, other.status) == (201, 200, 409)
    assert again.body == first.body
    assert other.code == "external_id_reused"
    assert await rows.fetchval("select count(*) from outbox") == 1


async def test_an_external_id_is_recorded_for_one_member(client: Client, shop: Shop, rows: Pool) -> None:
    async with rows.acquire() as conn:
        other = await add_member(conn)
    bodies = [shop.purchase(external_id="b-1")] * 2
    replies = await asyncio.gather(
        client.as_member(shop.member_id).post("/transaction", bodies[0]),
        client.as_member(other).post("/transaction", bodies[1]),
    )
    assert sorted(reply.status for reply in replies) == [201, 409]
    assert await rows.fetchval("select count(*) from transaction") == 1


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": "-1.00"}, ["/amount"]),
    ({"amount": "1.005"}, ["/amount"]),
    ({"amount": "10000000000.00"}, ["/amount"]),
    ({"amount": "999999999999999999999"}, ["/amount"]),
    ({"amount": 12.34}, ["/amount"]),
    ({"amount": "NaN"}, ["/amount"]),
    ({"amount": "1e3"}, ["/amount"]),
    ({"amount": "١٢"}, ["/amount"]),
    ({"amount": None}, ["/amount"]),
    ({"amount": True}, ["/amount"]),
    ({"currency": "EUR"}, ["/currency"]),
    ({"currency": "XXX"}, ["/currency"]),
    ({"currency": "gbp"}, ["/currency"]),
    ({"merchant_id": "019a0000-0000-7000-8000-00000000ffff"}, ["/merchant_id"]),
    ({"merchant_id": "shop"}, ["/merchant_id"]),
    ({"occurred_at": "2999-01-01T00:00:00Z"}, ["/occurred_at"]),
    ({"occurred_at": "1969-12-31T23:59:59Z"}, ["/occurred_at"]),
    ({"occurred_at": "2017-01-01T00:00:00"}, ["/occurred_at"]),
    ({"occurred_at": "1700000000"}, ["/occurred_at"]),
    ({"occurred_at": 1700000000}, ["/occurred_at"]),
    ({"occurred_at": "9999-12-31T23:59:59-14:00"}, ["/occurred_at"]),
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, ["/occurred_at"]),
    ({"external_id": ""}, ["/external_id"]),
    ({"external_id": "x" * 201}, ["/external_id"]),
    ({"external_id": "a\x00b"}, ["/external_id"]),
    ({"external_id": "\ud800"}, ["/external_id"]),
    ({"items": [{"sku": "a", "amount": "12.33"}]}, ["/items"]),
    ({"items": [{"sku": "a", "amount": "12.34", "quantity": -1}]}, ["/items/0/quantity"]),
    ({"items": [{"sku": "a", "amount": "12.34", "quantity": 1.5}]}, ["/items/0/quantity"]),
    ({"items": [{"sku": "a\x00", "amount": "12.34"}]}, ["/items/0/sku"]),
    ({"items": [{"sku": "a", "amount": "1.234"}, {"sku": "b", "amount": "-1"}]}, ["/items/1/amount"]),
    ({"items": [{"sku": "a", "amount": "12.34"}] * 501}, ["/items"]),
    ({"items": [{"amount": "12.34"}]}, ["/items/0/sku"]),
    ({"items": {}}, ["/items"]),
    ({"points": 1_000_000}, ["/points"]),
    ({"member_id": "019a0000-0000-7000-8000-00000000ffff"}, ["/member_id"]),
]


async def test_what_is_wrong_is_pointed_at_and_nothing_is_written(member: Client, shop: Shop, rows: Pool) -> None:
    before = await count_rows(rows)
    for changed, pointers in REFUSED:
        reply = await member.post("/transaction", shop.purchase(**changed))
        assert reply.status == 422, (changed, reply.body)
        assert reply.code == "validation_failed"
        assert reply.pointers == pointers, (changed, reply.body)
    assert await count_rows(rows) == before


async def test_a_refused_request_does_not_use_up_its_key(member: Client, shop: Shop) -> None:
    refused = await member.post("/transaction", shop.purchase("1.234"), key="k")
    taken = await member.post("/transaction", shop.purchase(), key="k")
    assert (refused.status, taken.status) == (422, 201)
    assert "Idempotency-Replayed" not in taken.headers


async def test_an_inactive_merchant_is_refused(member: Client, shop: Shop, rows: Pool) -> None:
    await rows.execute("update merchant set active = false")
    reply = await member.post("/transaction", shop.purchase())
    assert (reply.status, reply.pointers) == (422, ["/merchant_id"])


@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_who_is_not_active_may_nothing(member: Client, shop: Shop, rows: Pool, status: str) -> None:
    await rows.execute("update member set status = $1", status)
    before = await count_rows(rows)
    replies = [await member.get(path) for path in ("/profile", "/points", "/transactions", "/rewards", "/redemptions")]
    replies.append(await member.post("/transaction", shop.purchase()))
    replies.append(await member.post("/redeem", {"reward_id": str(shop.reward_id)}))
    replies.append(await member.get("/events"))
    assert {(reply.status, reply.code) for reply in replies} == {(403, "member_inactive")}
    assert await count_rows(rows) == before


async def test_lists_are_newest_first_and_stable_under_inserts(member: Client, shop: Shop) -> None:
    made = [(await member.post("/transaction", shop.purchase())).body["transaction_id"] for _ in range(5)]
    first = await member.get("/transactions?limit=2")
    await member.post("/transaction", shop.purchase())
    second = await member.get(f"/transactions?limit=2&cursor={first.body['next_cursor']}")
    third = await member.get(f"/transactions?limit=2&cursor={second.body['next_cursor']}")

    pages = [[row["transaction_id"] for row in page.body["data"]] for page in (first, second, third)]
    assert pages == [made[:2:-1], made[2:0:-1], made[:1]]
    assert third.body["next_cursor"] is None


async def test_cursors_that_are_not_of_this_list_are_refused(client: Client, shop: Shop, rows: Pool) -> None:
    member = client.as_member(shop.member_id)
    for _ in range(2):
        await member.post("/transaction", shop.purchase())
    cursor = (await member.get("/transactions?limit=1")).body["next_cursor"]
    async with rows.acquire() as conn:
        other = client.as_member(await add_member(conn))
        await add_merchant(conn)
    refused = [
        await other.get(f"/transactions?cursor={cursor}"),
        await member.get(f"/redemptions?cursor={cursor}"),
        *[await member.get(f"/transactions?cursor={bad}") for bad in (cursor[:-1], cursor + "A", "x", "%00", "é")],
        *[await member.get(f"/transactions?limit={bad}") for bad in ("0", "101", "-1", "x", "1.5", "")],
        await member.get("/transactions?limit=1&limit=2"),
        await member.get("/transactions?page=2"),
    ]
    assert {reply.status for reply in refused} == {422}
    assert {reply.body["errors"][0]["in"] for reply in refused} == {"query"}


async def test_what_is_anothers_is_not_there(client: Client, shop: Shop, rows: Pool) -> None:
    mine = client.as_member(shop.member_id)
    made = (await mine.post("/transaction", shop.purchase())).body["transaction_id"]
    redeemed = (await mine.post("/redeem", {"reward_id": str(shop.reward_id)})).body["redemption_id"]
    async with rows.acquire() as conn:
        other = client.as_member(await add_member(conn))
    paths = [f"/transactions/{made}", f"/transactions/{made}/receipt", f"/redemptions/{redeemed}"]
    assert [(await mine.get(path)).status for path in paths] == [200, 200, 200]
    assert [(await other.get(path)).status for path in paths] == [404, 404, 404]
    assert (await other.get("/transactions")).body["data"] == []
    assert (await other.get("/redemptions")).body["data"] == []

"""Merchants, their keys, and the purchases they record with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from loyalty.clock import system_clock
from loyalty.errors import Unauthenticated
from loyalty.services.merchants import sign_in_merchant
from tests.support.admin_api import AdminApi, Client, admin_api
from tests.support.rows import add_dead_letter

SALE = {"member_external_id": "card-1", "external_id": "till-1", "amount": "12.50", "currency": "GBP"}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        await running.admin.post("/members", {"external_id": "card-1"})
        yield running


async def till(api: AdminApi) -> tuple[str, str, Client]:
    """A merchant, its key and a client that uses it."""
    merchant_id = (await api.admin.post("/merchants", {"name": "Corner Shop"})).body["merchant_id"]
    issued = (await api.admin.post(f"/merchants/{merchant_id}/keys", {"scopes": ["transactions:write"]})).body
    return merchant_id, issued["key_id"], api.client(issued["secret"])


async def test_a_merchant_is_taken_on_changed_and_found(api: AdminApi) -> None:
    created = await api.admin.post("/merchants", {"name": "Corner Shop", "external_id": "shop-1"})
    path = f"/merchants/{created.body['merchant_id']}"
    assert (created.status, created.body["active"]) == (201, True)
    changed = await api.admin.patch(path, {"name": "Corner Shop & Sons", "external_id": None})
    assert (changed.body["name"], changed.body["external_id"]) == ("Corner Shop & Sons", None)
    assert (await api.as_role("viewer").get(path)).body == changed.body
    entry = (await api.audited())[-1]
    assert (entry["action"], entry["before"]) == (
        "merchant.changed",
        {"name": "Corner Shop", "external_id": "shop-1"},
    )
    assert (await api.admin.patch(path, {})).body == changed.body
    assert len(await api.audited()) == 3
    await api.admin.patch(path, {"active": False})
    assert (await api.admin.get("/merchants", active="true")).body["data"] == []


async def test_what_a_patch_may_not_hold_is_named(api: AdminApi) -> None:
    merchant_id, _, _ = await till(api)
    for body, pointer in [
        ({"name": None}, "/name"),
        ({"active": "yes"}, "/active"),
        ({"created_at": 1}, "/created_at"),
    ]:
        reply = await api.admin.patch(f"/merchants/{merchant_id}", body)
        assert (reply.status, reply.pointers) == (422, [pointer])


async def test_the_secret_is_shown_once_and_only_its_hash_is_stored(api: AdminApi) -> None:
    merchant_id, key_id, client = await till(api)
    assert client.token is not None
    prefix, secret = client.token.removeprefix("lk_").split("_")
    assert len(bytes.fromhex(secret)) == 32
    [shown] = (await api.admin.get(f"/merchants/{merchant_id}/keys")).body["data"]
    assert (shown["key_id"], shown["prefix"], "secret" in shown) == (key_id, prefix, False)
    async with api.pool.acquire() as conn:
        assert await conn.fetchval("select secret_hash from merchant_key") == hashlib.sha256(secret.encode()).digest()
        everything = str(await conn.fetch("select * from audit_log")) + str(await conn.fetch("select * from outbox"))
    assert secret not in everything
    assert hashlib.sha256(secret.encode()).hexdigest() not in everything


async def test_a_sale_is_recorded_for_the_merchant_of_the_key(api: AdminApi) -> None:
    merchant_id, _, client = await till(api)
    items = [{"sku": "milk", "category": "DAIRY", "quantity": 2, "amount": "12.50"}]
    reply = await client.post("/transactions", {**SALE, "items": items})
    assert reply.status == 201, reply.body
    assert reply.body["merchant_id"] == merchant_id
    assert (reply.body["status"], reply.body["points_awarded"]) == ("recorded", None)
    [event] = await api.events("transaction.recorded")
    assert str(event["event_id"]) == reply.body["transaction_id"]
    assert (event["payload"]["amount"], event["payload"]["items"][0]["sku"]) == ("12.50", "milk")
    viewer = api.as_role("viewer")
    assert (await viewer.get("/transactions", merchant_id=merchant_id)).body["data"] == [reply.body]
    assert (await viewer.get("/transactions", status="awarded")).body["data"] == []
    shown = (await viewer.get(f"/transactions/{reply.body['transaction_id']}")).body
    assert shown == {**reply.body, "receipt": None, "awarded_at": None}
    entry = (await api.audited())[-1]
    assert (entry["actor_kind"], entry["actor_id"], entry["action"]) == (
        "merchant",
        merchant_id,
        "transaction.recorded",
    )


async def test_an_external_id_is_one_sale_however_often_it_is_sent(api: AdminApi) -> None:
    _, _, client = await till(api)
    replies = await asyncio.gather(*(client.post("/transactions", SALE) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [200] * 9 + [201]
    assert len({reply.body["transaction_id"] for reply in replies}) == 1
    assert len(await api.events("transaction.recorded")) == 1
    other = await client.post("/transactions", {**SALE, "amount": "9.99"})
    assert (other.status, other.code) == (409, "external_id_reused")


async def test_a_wrong_sale_is_named_and_writes_nothing(api: AdminApi) -> None:
    _, _, client = await till(api)
    nobody = "01890000-0000-7000-8000-000000000000"
    wrong: list[tuple[dict[str, object], str]] = [
        ({"member_external_id": "stranger"}, "/member_external_id"),
        ({"member_external_id": None, "member_id": nobody}, "/member_id"),
        ({"member_id": nobody}, ""),
        ({"amount": "1.234"}, "/amount"),
        ({"amount": "-1.00"}, "/amount"),
        ({"amount": 12.5}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"currency": "USD"}, "/currency"),
        ({"items": [{"sku": "a", "amount": "1.00"}]}, "/items"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "/occurred_at"),
        ({"occurred_at": "2026-01-01T00:00:00"}, "/occurred_at"),
        ({"external_id": "a\0b"}, "/external_id"),
        ({"merchant_id": nobody}, "/merchant_id"),
    ]
    before = await api.count_rows()
    for fields, pointer in wrong:
        reply = await client.post("/transactions", {**SALE, **fields})
        assert (reply.status, reply.pointers) == (422, [pointer]), (fields, reply.body)
    assert await api.count_rows() == before


async def test_a_rotated_key_works_until_its_overlap_has_passed(api: AdminApi) -> None:
    merchant_id, key_id, old = await till(api)
    path = f"/merchants/{merchant_id}/keys/{key_id}/rotate"
    issued = (await api.admin.post(path, {"overlap_seconds": 3600})).body
    assert old.token is not None
    assert issued["secret"] != old.token
    assert (await old.post("/transactions", SALE)).status == 201
    assert (await api.client(issued["secret"]).post("/transactions", SALE)).status == 200
    async with api.pool.acquire() as conn:
        with pytest.raises(Unauthenticated):
            await sign_in_merchant(conn, old.token, lambda: system_clock() + timedelta(hours=2))
    again = await api.admin.post(path, {"overlap_seconds": 0})
    assert (again.status, again.code) == (409, "key_revoked")


async def test_a_key_rotated_without_overlap_or_revoked_is_refused_at_once(api: AdminApi) -> None:
    merchant_id, key_id, old = await till(api)
    issued = (await api.admin.post(f"/merchants/{merchant_id}/keys/{key_id}/rotate", {})).body
    assert (await old.post("/transactions", SALE)).status == 401
    new = api.client(issued["secret"])
    assert (await new.post("/transactions", SALE)).status == 201
    revoke = f"/merchants/{merchant_id}/keys/{issued['key_id']}/revoke"
    first, second = await api.admin.post(revoke), await api.admin.post(revoke)
    assert first.status == second.status == 200
    assert first.body["revoked_at"] == second.body["revoked_at"]
    assert (await new.post("/transactions", SALE)).status == 401


async def test_rotating_at_once_gives_one_new_key(api: AdminApi) -> None:
    merchant_id, key_id, _ = await till(api)
    path = f"/merchants/{merchant_id}/keys/{key_id}/rotate"
    replies = await asyncio.gather(*(api.admin.post(path, {"overlap_seconds": 60}) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]


async def test_a_key_belongs_to_its_merchant(api: AdminApi) -> None:
    _, key_id, _ = await till(api)
    other = (await api.admin.post("/merchants", {"name": "Elsewhere"})).body["merchant_id"]
    assert (await api.admin.post(f"/merchants/{other}/keys/{key_id}/revoke")).status == 404


async def test_the_keys_of_an_inactive_merchant_are_refused(api: AdminApi) -> None:
    merchant_id, _, client = await till(api)
    await api.admin.patch(f"/merchants/{merchant_id}", {"active": False})
    assert (await client.post("/transactions", SALE)).status == 401


async def test_a_sale_needs_an_idempotency_key(api: AdminApi) -> None:
    _, _, client = await till(api)
    reply = await client.post("/transactions", SALE, key="a\tb")
    assert (reply.status, reply.code) == (422, "idempotency_key_missing")


async def test_what_waits_for_its_award_is_found_wherever_the_reconciler_is(api: AdminApi) -> None:
    _, _, client = await till(api)
    ids = [
        (await client.post("/transactions", {**SALE, "external_id": f"till-{n}"})).body["transaction_id"] for n in "abc"
    ]
    viewer = api.as_role("viewer")

    async def waiting(**query: object) -> list[str]:
        found = (await viewer.get("/transactions", status="recorded", **query)).body["data"]
        return [row["transaction_id"] for row in found]

    assert await waiting() == ids[::-1]
    assert (await viewer.get("/pipeline")).body["unawarded_transactions"] == 3
    async with api.pool.acquire() as conn:
        await conn.execute("update reconciled_up_to set transaction_id = $1", ids[1])
        assert await waiting() == [ids[2]]
        await add_dead_letter(conn, event_id=ids[0])
    assert await waiting() == [ids[2], ids[0]]
    assert await waiting(limit=1) == [ids[2]]
    assert await waiting(external_id="till-a") == [ids[0]]
    assert (await viewer.get("/pipeline")).body["unawarded_transactions"] == 1

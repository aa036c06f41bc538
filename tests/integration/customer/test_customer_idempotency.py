"""The same request twice, at once, in two processes, and with the first answer lost."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from loyalty.store.database import Pool
from tests.integration.customer.conftest import Shop, StartApi
from tests.support.apis import Client, Reply
from tests.support.rows import add_member, add_merchant


@pytest.fixture
async def two_processes(start_api: StartApi) -> list[Client]:
    """Clients of two Customer APIs on one database."""
    started = await asyncio.gather(start_api(), start_api())
    return [client for _, client in started]


async def test_one_key_has_one_effect_whatever_process_it_reaches(
    two_processes: list[Client], shop: Shop, rows: Pool
) -> None:
    members = [client.as_member(shop.member_id) for client in two_processes]
    replies = await asyncio.gather(
        *[members[n % 2].post("/transaction", shop.purchase(), key="one") for n in range(50)]
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["transaction_id"] for reply in replies}) == 1
    assert sum("Idempotency-Replayed" in reply.headers for reply in replies) == 49
    assert {reply.headers["Location"] for reply in replies} == {replies[0].headers["Location"]}
    assert await _effects(rows) == (1, 1, 1)


async def test_redeeming_with_one_key_asks_once(two_processes: list[Client], shop: Shop, rows: Pool) -> None:
    members = [client.as_member(shop.member_id) for client in two_processes]
    body = {"reward_id": str(shop.reward_id)}
    replies = await asyncio.gather(*[members[n % 2].post("/redeem", body, key="one") for n in range(50)])
    assert {reply.status for reply in replies} == {202}
    assert await rows.fetchval("select count(*) from redemption") == 1
    assert await rows.fetchval("select count(*) from outbox") == 1


async def test_one_key_with_two_bodies_at_once_has_one_effect(
    two_processes: list[Client], shop: Shop, rows: Pool
) -> None:
    members = [client.as_member(shop.member_id) for client in two_processes]
    replies = await asyncio.gather(
        *[members[n % 2].post("/transaction", shop.purchase(f"{n % 5}.00"), key="one") for n in range(50)]
    )
    assert {reply.status for reply in replies} == {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} == {"idempotency_key_reused"}
    assert await _effects(rows) == (1, 1, 1)


async def test_what_a_killed_process_was_doing_is_asked_again_elsewhere(
    start_api: StartApi, shop: Shop, rows: Pool
) -> None:
    """Killed between the request and its answer, before or after the commit: with its key a request has one effect."""
    (process, doomed), (_, other) = await asyncio.gather(start_api(), start_api())
    keys = [f"key-{n}" for n in range(60)]
    first = doomed.as_member(shop.member_id)
    asked = [asyncio.ensure_future(first.post("/transaction", shop.purchase(), key=key)) for key in keys]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    process.kill()
    answered = [reply for reply in await asyncio.gather(*asked, return_exceptions=True) if isinstance(reply, Reply)]

    second = other.as_member(shop.member_id)
    replies = await asyncio.gather(*[second.post("/transaction", shop.purchase(), key=key) for key in keys])
    assert {reply.status for reply in replies} == {201}
    assert {reply.body["transaction_id"] for reply in answered} <= {reply.body["transaction_id"] for reply in replies}
    assert await _effects(rows) == (60, 60, 60)


async def test_bodies_that_are_equal_as_json_are_the_same_request(member: Client, shop: Shop) -> None:
    purchase = shop.purchase()
    first = await member.post("/transaction", purchase, key="k")
    again = await member.post("/transaction", dict(reversed(purchase.items())), key="k")
    spaced = await member.post("/transaction", str(purchase).replace("'", '"').replace(",", " , ").encode(), key="k")
    assert [reply.status for reply in (first, again, spaced)] == [201, 201, 201]
    assert first.body == again.body == spaced.body
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_is_its_callers_and_its_routes(client: Client, shop: Shop, rows: Pool) -> None:
    async with rows.acquire() as conn:
        other: UUID = await add_member(conn)
    mine, theirs = client.as_member(shop.member_id), client.as_member(other)
    replies = [
        await mine.post("/transaction", shop.purchase(), key="k"),
        await theirs.post("/transaction", shop.purchase("1.00"), key="k"),
        await mine.post("/redeem", {"reward_id": str(shop.reward_id)}, key="k"),
    ]
    assert [reply.status for reply in replies] == [201, 201, 202]


async def test_keys_that_are_none_are_refused(member: Client, shop: Shop, rows: Pool) -> None:
    async with rows.acquire() as conn:
        await add_merchant(conn)
    missing = await member.post("/transaction", shop.purchase(), key="")
    bad = [await member.post("/transaction", shop.purchase(), key=key) for key in (" ", "x" * 256, "é", "a\tb")]
    for reply in [missing, *bad]:
        assert (reply.status, reply.code) == (422, "idempotency_key_missing")
        assert reply.body["errors"][0]["in"] == "header"
    assert (await member.post("/transaction", shop.purchase(), key="x" * 255)).status == 201
    assert await _effects(rows) == (1, 1, 1)


async def _effects(rows: Pool) -> tuple[int, int, int]:
    """Purchases, events and answers that are stored."""
    counts = [await rows.fetchval(f"select count(*) from {t}") for t in ("transaction", "outbox", "idempotency_key")]
    return counts[0], counts[1], counts[2]

"""The same request twice, at once, in two processes, and with the first answer lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import aiohttp
import pytest

from loyalty.store.database import Pool
from tests.conftest import StartLaurel
from tests.integration.customer.conftest import PREFIX, Shop
from tests.support.apis import SIGNING_KEY, Client, client_of, free_port
from tests.support.rows import add_member, add_merchant

Eventually = Callable[..., Awaitable[object]]


@pytest.fixture
async def two_processes(
    laurel_process: StartLaurel, eventually: Eventually, unique: str
) -> AsyncIterator[list[Client]]:
    """Two Customer APIs as an operator would start them, each a process of its own."""
    ports = [free_port(), free_port()]
    for port in ports:
        laurel_process(
            "customer-api",
            LAUREL_CUSTOMER_API_PORT=str(port),
            LAUREL_SIGNING_KEY=SIGNING_KEY.get_secret_value(),
            LAUREL_TRANSACTION_TRUST="open",
            LAUREL_RATE_LIMIT_PER_MINUTE="100000",
            LAUREL_TOPIC_PREFIX=f"test-{unique}.",
        )
    for port in ports:
        await eventually(lambda port=port: _listens(port), timeout_seconds=30)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(client_of(f"http://127.0.0.1:{port}", PREFIX)) for port in ports]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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


async def test_a_key_of_a_killed_process_is_as_good_as_new(
    two_processes: list[Client], laurel_process: StartLaurel, shop: Shop, rows: Pool
) -> None:
    """Requests whose connection breaks before the answer are sent again elsewhere: each has one effect."""
    first, second = (client.as_member(shop.member_id) for client in two_processes)

    async def give_up(key: str) -> None:
        try:
            async with asyncio.timeout(0.01):
                await first.post("/transaction", shop.purchase(), key=key)
        except (TimeoutError, aiohttp.ClientError):
            pass

    keys = [f"key-{n}" for n in range(20)]
    await asyncio.gather(*map(give_up, keys))
    replies = await asyncio.gather(*[second.post("/transaction", shop.purchase(), key=key) for key in keys])
    assert {reply.status for reply in replies} == {201}
    assert await _effects(rows) == (20, 20, 20)


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

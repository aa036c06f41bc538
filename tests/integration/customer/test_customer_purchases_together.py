"""Purchases that are asked for at the same moment go in together, and each is as if it had gone in alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from loyalty.clock import new_id, system_clock
from loyalty.services.recording import RecordTransaction, record_at_once, whole_purchase
from loyalty.store.database import Pool
from loyalty.store.idempotency import KeptAnswer, StoredAnswer
from loyalty.store.transactions import StoredTransaction, WholePurchase
from schemas.customer import NewItem
from tests.integration.customer.conftest import Shop
from tests.support.apis import Client
from tests.support.rows import NOON, add_member, waits_for_a_lock
from tests.support.waiting import eventually

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Kind = Callable[[int], tuple[UUID, dict[str, object], str | None, int | None]]


@pytest.fixture
async def members(rows: Pool) -> list[UUID]:
    async with rows.acquire() as conn:
        return [await add_member(conn) for _ in range(4)]


async def test_purchases_of_several_members_are_one_statement(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    asked: list[Any] = []
    wholes = [_whole(replace(_purchase(shop), member_id=member)) for member in members]
    async with rows.acquire() as conn:
        await record_at_once(conn, [_whole(_purchase(shop)), _whole(_purchase(shop))])  # it asks once for the types
        conn.add_query_logger(asked.append)
        assert await record_at_once(conn, wholes) == [True] * 4
        conn.remove_query_logger(asked.append)
    assert len(asked) == 1
    assert await _effects(rows) == (6, 6, 6)
    stored = {row["id"] for row in await rows.fetch("select id from transaction")}
    assert stored > {whole.transaction.transaction_id for whole in wholes}


async def test_together_is_stored_what_alone_is_stored(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    """Every column: the two statements are told apart by nothing but the ids."""
    item = NewItem(sku="apple", category=None, quantity=2, amount="1.00")
    purchases = [
        RecordTransaction(member, shop.merchant_id, "1.00", "GBP", f"ext-{n}", NOON, [item], TRACE)
        for n, member in enumerate(members[:3])
    ]
    wholes = [_whole(purchase) for purchase in purchases]
    async with rows.acquire() as conn:
        assert await record_at_once(conn, wholes[:1]) == [True]
        assert await record_at_once(conn, wholes[1:]) == [True, True]
    for table, own in (
        ("transaction", "id member_id external_id content_hash recorded_at"),
        ("outbox", "id xid event_id key payload occurred_at created_at"),
        ("idempotency_key", "key created_at"),
    ):
        found = [
            {name: row[name] for name in set(row.keys()) - set(own.split())}
            for row in await rows.fetch(f"table {table}")
        ]
        assert found[0] == found[1] == found[2], table


async def test_one_that_does_not_agree_leaves_the_others_theirs(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    await rows.execute("update member set status = 'suspended' where id = $1", members[1])
    wrong = [replace(_purchase(shop), member_id=uuid4()), replace(_purchase(shop), member_id=members[1])]
    good = [replace(_purchase(shop), member_id=member) for member in (members[0], members[2])]
    async with rows.acquire() as conn:
        wholes = [_whole(purchase) for purchase in (wrong[0], good[0], wrong[1], good[1])]
        assert await record_at_once(conn, wholes) == [False, True, False, True]
    assert await _effects(rows) == (2, 2, 2)


async def test_a_locked_wallet_keeps_nobody_else_waiting(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    wholes = [_whole(replace(_purchase(shop), member_id=member)) for member in members]
    async with rows.acquire() as holder, rows.acquire() as conn, holder.transaction():
        await holder.execute("select from wallet where member_id = $1 for update", members[2])
        assert await record_at_once(conn, wholes) == [True, True, False, True]
    assert await _effects(rows) == (3, 3, 3)


async def test_a_known_key_and_a_key_twice_are_passed_over(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    async with rows.acquire() as conn:
        assert await record_at_once(conn, [_whole(_purchase(shop), "known")]) == [True]
        wholes = [
            _whole(replace(_purchase(shop), member_id=member), key)
            for member, key in zip(members, ("known", "twice", "twice", "new"), strict=True)
        ]
        assert await record_at_once(conn, wholes) == [False, True, False, True]
    assert await _effects(rows) == (3, 3, 3)


async def test_a_key_that_is_taken_meanwhile_leaves_nothing_of_the_group(
    rows: Pool, shop: Shop, members: list[UUID]
) -> None:
    """The other transaction has stored its answer and not committed: it is waited for, then it is too late for all."""
    wholes = [_whole(replace(_purchase(shop), member_id=member), f"key-{n}") for n, member in enumerate(members)]
    async with rows.acquire() as holder, rows.acquire() as conn:
        taking = holder.transaction()
        await taking.start()
        await holder.execute(
            """insert into idempotency_key (caller, route, key, request_hash, status, body, created_at)
               values ('member:1', 'post_transaction', 'key-1', '', 201, '', now())"""
        )
        asked = asyncio.create_task(record_at_once(conn, wholes))
        await eventually(lambda: waits_for_a_lock(rows))
        await taking.commit()
        assert await asked == [False] * 4
    assert await _effects(rows) == (0, 0, 1)


async def test_one_external_id_twice_is_recorded_once(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    wholes = [_whole(replace(_purchase(shop), member_id=member, external_id="receipt-1")) for member in members]
    async with rows.acquire() as conn:
        assert sum(await record_at_once(conn, wholes)) == 1
    assert await _effects(rows) == (1, 1, 1)


async def test_groups_that_cross_do_not_wait_for_each_other(rows: Pool, shop: Shop, members: list[UUID]) -> None:
    """The same external ids in opposite orders, at the same moment: one of the groups has each, and nobody gives up."""
    for turn in range(20):
        ids = [f"{turn}-{n}" for n in range(8)]
        groups = [
            [_whole(replace(_purchase(shop), member_id=members[n % 4], external_id=each)) for each in order]
            for n, order in enumerate((ids, ids[::-1]))
        ]
        async with rows.acquire() as one, rows.acquire() as other:
            first, second = await asyncio.gather(record_at_once(one, groups[0]), record_at_once(other, groups[1]))
        assert [a + b for a, b in zip(first, list(second)[::-1], strict=True)] == [1] * 8
    assert await _effects(rows) == (160, 160, 160)


async def test_a_members_events_leave_in_the_order_asked(rows: Pool, shop: Shop) -> None:
    wholes = [_whole(replace(_purchase(shop), external_id=each)) for each in "hgfedcba"]
    async with rows.acquire() as conn:
        assert await record_at_once(conn, wholes) == [True] * 8
    assert [row["event_id"] for row in await rows.fetch("select event_id from outbox order by id")] == [
        whole.transaction.transaction_id for whole in wholes
    ]


async def test_each_of_many_requests_at_once_gets_the_answer_it_would_get_alone(
    client: Client, rows: Pool, shop: Shop, members: list[UUID]
) -> None:
    await rows.execute("update member set status = 'suspended' where id = $1", members[3])
    kinds: dict[str, Kind] = {
        "good": lambda n: (members[n % 3], shop.purchase(), None, 201),
        "suspended": lambda n: (members[3], shop.purchase(), None, 403),
        "unknown merchant": lambda n: (members[n % 3], shop.purchase(merchant_id=str(uuid4())), None, 422),
        "same key": lambda n: (members[0], shop.purchase(), "same", 201),
        "same receipt": lambda n: (members[1], shop.purchase(external_id="r"), None, None),
    }
    asked = [kind(n) for n in range(12) for kind in kinds.values()]
    replies = await asyncio.gather(
        *(client.as_member(member).post("/transaction", body, key) for member, body, key, _ in asked)
    )
    assert [reply.status for reply, (*_, status) in zip(replies, asked, strict=True) if status] == [
        status for *_, status in asked if status
    ]
    assert len({reply.body["transaction_id"] for reply in replies[3::5]}) == 1
    assert sorted(reply.status for reply in replies[4::5]) == [200] * 11 + [201]
    assert await rows.fetchval("select count(*) from transaction") == 12 + 1 + 1


def _purchase(shop: Shop) -> RecordTransaction:
    return RecordTransaction(shop.member_id, shop.merchant_id, "1.00", "GBP")


def _whole(purchase: RecordTransaction, key: str | None = None) -> WholePurchase:
    def keep(_: StoredTransaction) -> KeptAnswer:
        return KeptAnswer("member:1", "post_transaction", key or str(uuid4()), StoredAnswer(b"hash", 201, {}, b"{}"))

    return whole_purchase(purchase, keep, system_clock, new_id)


async def _effects(rows: Pool) -> tuple[int, int, int]:
    counts = [await rows.fetchval(f"select count(*) from {t}") for t in ("transaction", "outbox", "idempotency_key")]
    return counts[0], counts[1], counts[2]

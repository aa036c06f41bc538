"""A purchase in one statement: the purchase, its event and the kept answer together, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from loyalty.clock import new_id, system_clock
from loyalty.services.recording import RecordTransaction, record_at_once, whole_purchase
from loyalty.store.database import Connection, Pool
from loyalty.store.idempotency import KeptAnswer, KeyTaken, StoredAnswer
from loyalty.store.transactions import StoredTransaction, WholePurchase
from tests.integration.customer.conftest import Shop

NOTHING, ONE = (0, 0, 0), (1, 1, 1)


async def test_it_is_one_statement(rows: Pool, shop: Shop) -> None:
    asked: list[Any] = []
    async with rows.acquire() as conn:
        conn.add_query_logger(asked.append)
        recorded = await _record(conn, _purchase(shop))
        conn.remove_query_logger(asked.append)
    assert recorded is not None
    assert len(asked) == 1
    assert await _effects(rows) == ONE
    assert await rows.fetchval("select event_id from outbox") == recorded.transaction_id


async def test_a_taken_key_leaves_nothing_of_a_second_purchase(rows: Pool, shop: Shop) -> None:
    async with rows.acquire() as conn:
        await _record(conn, _purchase(shop), key="one")
        with pytest.raises(KeyTaken):
            await _record(conn, _purchase(shop), key="one")
    assert await _effects(rows) == ONE


async def test_what_was_recorded_before_is_left_to_who_can_tell(rows: Pool, shop: Shop) -> None:
    purchase = replace(_purchase(shop), external_id="receipt-1")
    async with rows.acquire() as conn:
        assert await _record(conn, purchase)
        assert await _record(conn, purchase) is None
        assert await _record(conn, replace(purchase, amount="2.00")) is None
    assert await _effects(rows) == ONE


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda purchase: replace(purchase, member_id=uuid4()), id="no such member"),
        pytest.param(lambda purchase: replace(purchase, merchant_id=uuid4()), id="no such merchant"),
        pytest.param(lambda purchase: replace(purchase, currency="USD"), id="another currency"),
    ],
)
async def test_a_purchase_that_does_not_agree_does_nothing(
    rows: Pool, shop: Shop, change: Callable[[RecordTransaction], RecordTransaction]
) -> None:
    async with rows.acquire() as conn:
        assert await _record(conn, change(_purchase(shop))) is None
    assert await _effects(rows) == NOTHING


@pytest.mark.parametrize(
    "statement",
    ["update member set status = 'suspended' where id = $1", "update merchant set active = $1::uuid is null"],
    ids=["suspended member", "inactive merchant"],
)
async def test_who_may_not_does_nothing(rows: Pool, shop: Shop, statement: str) -> None:
    async with rows.acquire() as conn:
        await conn.execute(statement, UUID(str(shop.member_id)))
        assert await _record(conn, _purchase(shop)) is None
    assert await _effects(rows) == NOTHING


def _purchase(shop: Shop) -> RecordTransaction:
    return RecordTransaction(shop.member_id, shop.merchant_id, "1.00", "GBP")


def _whole(purchase: RecordTransaction, key: str | None = None) -> WholePurchase:
    def keep(_: StoredTransaction) -> KeptAnswer:
        return KeptAnswer("member:1", "post_transaction", key or str(uuid4()), StoredAnswer(b"hash", 201, {}, b"{}"))

    return whole_purchase(purchase, keep, system_clock, new_id)


async def _record(conn: Connection, purchase: RecordTransaction, key: str | None = None) -> StoredTransaction | None:
    whole = _whole(purchase, key)
    (recorded,) = await record_at_once(conn, [whole])
    return whole.transaction if recorded else None


async def _effects(rows: Pool) -> tuple[int, int, int]:
    counts = [await rows.fetchval(f"select count(*) from {t}") for t in ("transaction", "outbox", "idempotency_key")]
    return counts[0], counts[1], counts[2]

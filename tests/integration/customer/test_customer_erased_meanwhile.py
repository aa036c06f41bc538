"""What a member asks for while they are being erased waits for their wallet, and then finds them erased.

PostgreSQL looks again only at the rows that a statement locks: read beside the wallet without a lock, the member would
still be active after the wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from loyalty.clock import system_clock
from loyalty.services.auditing import Actor
from loyalty.services.erasing import erase_member
from loyalty.services.recording import RecordTransaction, record_at_once, record_transaction, whole_purchase
from loyalty.services.requesting_redemption import RequestRedemption, request_redemption
from loyalty.store.database import Connection, Pool
from loyalty.store.idempotency import KeptAnswer, StoredAnswer
from loyalty.store.members import MemberInactive
from loyalty.store.transactions import StoredTransaction
from tests.integration.customer.conftest import Shop
from tests.support.rows import waits_for_a_lock
from tests.support.waiting import eventually

Ask = Callable[[Connection, Shop], Awaitable[object]]


async def _purchase(conn: Connection, shop: Shop) -> object:
    return await record_transaction(conn, _command(shop), system_clock)


async def _plain_purchase(conn: Connection, shop: Shop) -> object:
    def keep(_: StoredTransaction) -> KeptAnswer:
        return KeptAnswer("member:1", "post_transaction", "key", StoredAnswer(b"hash", 201, {}, b"{}"))

    if await record_at_once(conn, [whole_purchase(_command(shop), keep, system_clock)]) == [False]:
        raise MemberInactive(member_status="erased")
    return None


async def _redemption(conn: Connection, shop: Shop) -> object:
    return await request_redemption(conn, RequestRedemption(shop.member_id, shop.reward_id), system_clock)


@pytest.mark.parametrize("ask", [_purchase, _plain_purchase, _redemption])
async def test_who_waited_for_an_erasure_is_refused(rows: Pool, shop: Shop, ask: Ask) -> None:
    async with rows.acquire() as conn, rows.acquire() as other:
        async with conn.transaction():
            await erase_member(conn, shop.member_id, "member_asked", Actor("system", "test"), system_clock)
            asked = asyncio.ensure_future(_in_transaction(other, shop, ask))
            await eventually(lambda: waits_for_a_lock(rows))
        with pytest.raises(MemberInactive):
            await asked
    assert [row["topic"] for row in await rows.fetch("select topic from outbox")] == ["member.erased"]
    assert await _rows_of(rows, shop.member_id) == 0


async def _in_transaction(conn: Connection, shop: Shop, ask: Ask) -> object:
    async with conn.transaction():
        return await ask(conn, shop)


async def _rows_of(rows: Pool, member_id: UUID) -> int:
    count: int = await rows.fetchval(
        """select (select count(*) from transaction where member_id = $1)
             + (select count(*) from redemption where member_id = $1) + (select count(*) from idempotency_key)""",
        member_id,
    )
    return count


def _command(shop: Shop) -> RecordTransaction:
    return RecordTransaction(shop.member_id, shop.merchant_id, "1.00", "GBP", "receipt-1")

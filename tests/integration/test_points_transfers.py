"""Members give each other points: within limits, with their expiry, on both ledgers at once. And past balances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.clock import new_id
from loyalty.domain.lots import InsufficientPoints
from loyalty.errors import Invalid
from loyalty.services.auditing import Actor
from loyalty.services.transferring import (
    RecipientInactive,
    TransferLimitReached,
    TransfersDisabled,
    transfer_points,
)
from loyalty.store.database import Connection, Pool
from loyalty.store.members import MemberInactive
from loyalty.store.transfers import get_balance_at
from schemas.transfers import NewTransfer, Transfer
from tests.support.admin_api import AdminApi, admin_api
from tests.support.points import Shop, balances, broken_checks, events_of, redeem, refund, set_policy, take_back
from tests.support.rows import NOON, add_reward, laurel_pool

ALLOWED = {"enabled": True, "minimum_points": 5, "points_per_month": 100}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def give(shop: Shop, giver: UUID, recipient: UUID, points: int, conn: Connection | None = None) -> Transfer:
    command, actor = NewTransfer(to_member_id=recipient, points=points, note="cheers"), Actor("member", str(giver))
    conn = conn or shop.conn
    async with conn.transaction():
        return await transfer_points(conn, giver, command, actor, shop.clock)


async def test_points_given_keep_their_expiry_and_both_are_told(conn: Connection) -> None:
    shop = await Shop.open(conn, transfers=ALLOWED, expiry={"mode": "months", "months": 1})
    giver, recipient = await shop.member(), await shop.member()
    await shop.buy(giver, 40)
    await shop.pass_time(days=20)
    await shop.buy(giver, 60)
    assert (await give(shop, giver, recipient, 70)).available_after == 30
    assert (await balances(conn, giver), await balances(conn, recipient)) == ({"available": 30}, {"available": 70})
    told = [(event["member_id"], event["points"]) for event in await events_of(conn, "points.transferred")]
    assert told == [(str(giver), -70), (str(recipient), 70)]
    await shop.pass_time(days=12)
    assert (await balances(conn, giver), await balances(conn, recipient)) == ({"available": 30}, {"available": 30})
    assert await broken_checks(conn) == {}


async def test_what_the_recipient_owes_is_paid_first(conn: Connection) -> None:
    shop = await Shop.open(conn, transfers=ALLOWED, refund_policy="unlimited")
    giver, recipient = await shop.member(), await shop.member()
    transaction_id = await shop.buy(recipient, 50)
    await redeem(shop, recipient, await add_reward(conn, 50))
    await take_back(shop, await refund(shop, transaction_id, 50))
    await shop.buy(giver, 80)
    await give(shop, giver, recipient, 60)
    assert (await balances(conn, giver), await balances(conn, recipient)) == ({"available": 20}, {"available": 10})
    assert await broken_checks(conn) == {}


async def test_the_program_limits_what_is_given(conn: Connection) -> None:
    shop = await Shop.open(conn)
    giver, recipient = await shop.member(), await shop.member()
    await shop.buy(giver, 500)
    with pytest.raises(TransfersDisabled):
        await give(shop, giver, recipient, 10)
    await set_policy(conn, transfers=ALLOWED)
    with pytest.raises(Invalid):
        await give(shop, giver, recipient, 4)
    await give(shop, giver, recipient, 60)
    with pytest.raises(TransferLimitReached) as refused:
        await give(shop, giver, recipient, 41)
    assert refused.value.data == {"points_left": 40}
    await give(shop, giver, recipient, 40)
    shop.now += timedelta(days=31)
    await give(shop, giver, recipient, 100)
    assert await balances(conn, recipient) == {"available": 200}


async def test_who_may_give_to_whom(conn: Connection) -> None:
    shop = await Shop.open(conn, transfers=ALLOWED)
    giver, recipient = await shop.member(), await shop.member()
    await shop.buy(giver, 50)
    for nobody in (giver, new_id()):
        with pytest.raises(Invalid):
            await give(shop, giver, nobody, 10)
    with pytest.raises(InsufficientPoints) as missing:
        await give(shop, giver, recipient, 60)
    assert missing.value.points_missing == 10
    await conn.execute("update member set status = 'suspended' where id = $1", recipient)
    with pytest.raises(RecipientInactive):
        await give(shop, giver, recipient, 10)
    with pytest.raises(MemberInactive):
        await give(shop, recipient, giver, 10)
    assert await balances(conn, giver) == {"available": 50}


async def test_two_who_give_each_other_points_at_once_do_not_deadlock(pool: Pool) -> None:
    async with pool.acquire() as conn:
        shop = await Shop.open(conn, transfers={"enabled": True})
        one, other = await shop.member(), await shop.member()
        for member_id in (one, other):
            await shop.buy(member_id, 100)

    async def swap(giver: UUID, recipient: UUID) -> None:
        async with pool.acquire(timeout=30) as conn:
            await give(shop, giver, recipient, 10, conn)

    await asyncio.gather(*(swap(*pair) for pair in [(one, other), (other, one)] * 10))
    async with pool.acquire() as conn:
        assert (await balances(conn, one), await balances(conn, other)) == ({"available": 100}, {"available": 100})
        assert await broken_checks(conn) == {}


async def test_a_past_balance_is_what_the_entries_until_then_add_up_to(conn: Connection) -> None:
    shop = await Shop.open(conn, pending_days=1)
    member_id = await shop.member()
    await shop.buy(member_id, 30)
    await shop.pass_time(days=1)
    await redeem(shop, member_id, await add_reward(conn, 20))
    moments = [NOON - timedelta(seconds=1), NOON, NOON + timedelta(days=1)]
    past = [await get_balance_at(conn, member_id, at) for at in moments]
    assert [(found.pending, found.available, found.entries) for found in past] == [(0, 0, 0), (30, 0, 1), (0, 10, 3)]


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def test_an_operator_transfers_and_looks_back(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        shop = await Shop.open(conn, transfers=ALLOWED)
        giver, recipient = await shop.member(), await shop.member()
        await shop.buy(giver, 50)
    body: dict[str, Any] = {"to_member_id": str(recipient), "points": 20}
    assert (await api.as_role("viewer").post(f"/members/{giver}/transfers", body)).status == 403
    assert (await api.as_role("operator").post(f"/members/{new_id()}/transfers", body)).status == 404
    reply = await api.as_role("operator").post(f"/members/{giver}/transfers", body)
    assert (reply.status, reply.body["available_after"]) == (201, 30)
    over = await api.as_role("operator").post(f"/members/{giver}/transfers", body | {"points": 31})
    assert (over.status, over.code, over.body["points_missing"]) == (409, "insufficient_points", 1)
    path = f"/members/{giver}/balance"
    found = await api.as_role("viewer").get(path, at="2017-03-05T12:00:00Z")
    assert (found.status, found.body["available"]) == (200, 50)
    assert (await api.as_role("viewer").get(path, at="yesterday")).pointers == ["/at"]
    assert (await api.audited())[-1]["action"] == "points.transferred"

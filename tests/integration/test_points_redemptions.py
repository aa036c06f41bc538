"""Redemptions that hold points, wait for a partner, hand out codes, are cancelled: points and stock come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from loyalty.clock import new_id
from loyalty.services.auditing import Actor
from loyalty.services.cancelling import RedemptionNotCancellable, cancel_redemption, end_reservations
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.tending import Tended
from loyalty.store import settling
from loyalty.store.database import Connection, Pool
from loyalty.store.settling import VoucherUpload
from schemas.admin.rewards import Cancellation
from tests.support.points import (
    Shop,
    ask,
    balances,
    broken_checks,
    decide,
    events_of,
    redeem,
    refund,
    set_policy,
    take_back,
)
from tests.support.rows import NOON, add_redemption, add_reward, laurel_pool, redeemed

OPERATOR = Actor("operator", "test")
A_MONTH = {"mode": "months", "months": 1}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def cancel(shop: Shop, redemption_id: UUID, stock: str = "return") -> None:
    command = Cancellation.model_validate({"reason": "out of order", "stock": stock})
    async with shop.conn.transaction():
        await cancel_redemption(shop.conn, redemption_id, command, OPERATOR, shop.clock)


async def statuses(conn: Connection) -> list[str]:
    rows = await conn.fetch("select coalesce(reason, status) as outcome from redemption order by id")
    return [row["outcome"] for row in rows]


async def lots(conn: Connection) -> list[int]:
    return [row["remaining"] for row in await conn.fetch("select remaining from lot order by id")]


async def test_a_cancelled_redemption_gives_points_and_stock_back_where_they_came_from(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry=A_MONTH)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70, stock_remaining=5)
    await shop.buy(member_id, 40)
    await shop.pass_time(days=3)
    await shop.buy(member_id, 60)
    redemption_id = await redeem(shop, member_id, reward_id)
    assert await lots(conn) == [0, 30]
    await cancel(shop, redemption_id)
    assert await lots(conn) == [40, 60]
    assert await balances(conn, member_id) == {"available": 100}
    assert await conn.fetchval("select stock_remaining from reward") == 5
    assert await conn.fetchval("select lifetime_redeemed from wallet") == 0
    [event] = await events_of(conn, "redemption.cancelled")
    assert (event["cause"], event["points_returned"], event["available_after"]) == ("cancelled", 70, 100)
    assert await statuses(conn) == ["cancelled"]
    assert await broken_checks(conn) == {}


async def test_stock_may_be_written_off_and_a_limit_is_free_again(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 10, stock_remaining=5, limit_per_member=1)
    await shop.buy(member_id, 100)
    await cancel(shop, await redeem(shop, member_id, reward_id), stock="write_off")
    assert await conn.fetchval("select stock_remaining from reward") == 4
    await redeem(shop, member_id, reward_id)
    assert await statuses(conn) == ["cancelled", "completed"]


@pytest.mark.parametrize(("grace_days", "left"), [(None, {"available": 60}), (10, {"available": 100})])
async def test_points_of_a_lot_that_expired_meanwhile_expire_or_live_on_for_some_days(
    conn: Connection, grace_days: int | None, left: dict[str, int]
) -> None:
    shop = await Shop.open(conn, expiry=A_MONTH, expired_lot_grace_days=grace_days)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70)
    await shop.buy(member_id, 40)
    await shop.pass_time(days=20)
    await shop.buy(member_id, 60)
    redemption_id = await redeem(shop, member_id, reward_id)
    await shop.pass_time(days=20)
    await cancel(shop, redemption_id)
    assert await balances(conn, member_id) == left
    assert await broken_checks(conn) == {}
    await shop.pass_time(days=10)
    assert await balances(conn, member_id) == {"available": 60}
    assert await broken_checks(conn) == {}


async def test_points_that_come_back_pay_what_is_owed(conn: Connection) -> None:
    shop = await Shop.open(conn, refund_policy="unlimited")
    member_id, reward_id = await shop.member(), await add_reward(conn, 100)
    transaction_id = await shop.buy(member_id, 100)
    redemption_id = await redeem(shop, member_id, reward_id)
    await take_back(shop, await refund(shop, transaction_id, 70))
    assert await balances(conn, member_id) == {"owed": 70}
    await cancel(shop, redemption_id)
    assert await balances(conn, member_id) == {"available": 30}
    assert await broken_checks(conn) == {}


async def test_only_what_was_granted_can_be_cancelled_and_once(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 100)
    refused, pending = await redeem(shop, member_id, reward_id), await ask(shop, member_id, reward_id)
    await shop.buy(member_id, 100)
    granted = await redeem(shop, member_id, reward_id)
    await cancel(shop, granted)
    for redemption_id in (refused, pending, granted):
        with pytest.raises(RedemptionNotCancellable):
            await cancel(shop, redemption_id)
    assert await balances(conn, member_id) == {"available": 100}


async def test_a_redemption_cancelled_by_many_at_once_is_cancelled_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        shop = await Shop.open(conn)
        member_id, reward_id = await shop.member(), await add_reward(conn, 100, stock_remaining=1)
        await shop.buy(member_id, 100)
        redemption_id = await redeem(shop, member_id, reward_id)

    async def one() -> bool:
        async with pool.acquire() as conn, conn.transaction():
            try:
                await cancel_redemption(conn, redemption_id, Cancellation(reason="x"), OPERATOR, shop.clock)
            except RedemptionNotCancellable:
                return False
        return True

    assert sum(await asyncio.gather(*(one() for _ in range(6)))) == 1
    async with pool.acquire() as conn:
        assert await balances(conn, member_id) == {"available": 100}
        assert await conn.fetchval("select stock_remaining from reward") == 1


async def test_points_are_held_from_the_request_and_spent_when_it_is_granted(conn: Connection) -> None:
    shop = await Shop.open(conn, hold_at_request=True)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70)
    await shop.buy(member_id, 100)
    redemption_id = await ask(shop, member_id, reward_id)
    assert await balances(conn, member_id) == {"available": 30, "held": 70}
    assert await broken_checks(conn) == {}
    await decide(shop, redemption_id)
    assert await balances(conn, member_id) == {"available": 30}
    assert await conn.fetchval("select lifetime_redeemed from wallet") == 70
    assert await broken_checks(conn) == {}
    await cancel(shop, redemption_id)
    assert await balances(conn, member_id) == {"available": 100}
    assert await broken_checks(conn) == {}


async def test_held_points_come_back_when_it_is_refused_and_cannot_be_promised_twice(conn: Connection) -> None:
    shop = await Shop.open(conn, hold_at_request=True)
    member_id, gone, there = (
        await shop.member(),
        await add_reward(conn, 70, stock_remaining=0),
        await add_reward(conn, 60),
    )
    await shop.buy(member_id, 100)
    held, too_much = await ask(shop, member_id, gone), await ask(shop, member_id, there)
    assert await balances(conn, member_id) == {"available": 30, "held": 70}
    await decide(shop, held, too_much)
    assert await statuses(conn) == ["out_of_stock", "completed"]
    assert await balances(conn, member_id) == {"available": 40}
    assert await broken_checks(conn) == {}


async def test_a_partner_has_so_long_to_confirm(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry=A_MONTH)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70, stock_remaining=3, confirm_seconds=600)
    await shop.buy(member_id, 100)
    await redeem(shop, member_id, reward_id)
    assert await statuses(conn) == ["reserved"]
    assert await balances(conn, member_id) == {"available": 30, "held": 70}
    [reserved] = await events_of(conn, "redemption.reserved")
    assert (reserved["points_held"], reserved["reserved_until"]) == (70, "2017-03-05T12:10:00Z")
    await shop.pass_time(seconds=599)
    assert await statuses(conn) == ["reserved"]
    await shop.pass_time(seconds=1)
    assert await statuses(conn) == ["cancelled"]
    assert await balances(conn, member_id) == {"available": 100}
    assert await conn.fetchval("select stock_remaining from reward") == 3
    assert [event["cause"] for event in await events_of(conn, "redemption.cancelled")] == ["timed_out"]
    assert await broken_checks(conn) == {}


async def test_a_reservation_of_held_points_keeps_them_held(conn: Connection) -> None:
    shop = await Shop.open(conn, hold_at_request=True)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70, confirm_seconds=600)
    await shop.buy(member_id, 100)
    first, second = await redeem(shop, member_id, reward_id), await redeem(shop, member_id, reward_id)
    assert await balances(conn, member_id) == {"available": 30, "held": 70}
    assert await statuses(conn) == ["reserved", "insufficient_points"]
    assert first != second
    assert await broken_checks(conn) == {}


async def test_many_reservations_end_in_bounded_steps(conn: Connection) -> None:
    shop = await Shop.open(conn)
    reward_id = await add_reward(conn, 10, stock_remaining=9, confirm_seconds=1)
    for _ in range(5):
        member_id = await shop.member()
        await shop.buy(member_id, 10)
        await redeem(shop, member_id, reward_id)
    shop.now += timedelta(seconds=1)
    ended = []
    for _ in range(4):
        async with conn.transaction():
            ended.append(await end_reservations(conn, shop.clock, limit=2))
    assert [(len(step.changed_members), step.more) for step in ended] == [(2, True), (2, True), (1, False), (0, False)]
    assert ended[-1] == Tended()
    assert await conn.fetchval("select stock_remaining from reward") == 9
    assert await broken_checks(conn) == {}


async def test_uploaded_codes_are_handed_out_each_once_and_in_order(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 10, voucher_source="uploaded")
    first, second = (VoucherUpload(new_id(), reward_id, NOON) for _ in range(2))
    assert await settling.insert_vouchers(conn, first, {1: "B-2", 2: "A-1"}) == 2
    assert await settling.insert_vouchers(conn, second, {1: "A-1"}) == 0
    await shop.buy(member_id, 100)
    asked = [await ask(shop, member_id, reward_id) for _ in range(3)]
    await decide(shop, *asked)
    assert await statuses(conn) == ["completed", "completed", "out_of_stock"]
    codes = await conn.fetch("select voucher_code from redemption order by id")
    assert [row["voucher_code"] for row in codes] == ["B-2", "A-1", None]
    assert await settling.count_vouchers(conn, reward_id) == (2, 0)
    await cancel(shop, asked[0])
    assert await settling.count_vouchers(conn, reward_id) == (2, 0)


async def test_codes_under_concurrency_are_handed_out_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        rewards = [await add_reward(conn, 10, voucher_source="uploaded") for _ in range(2)]
        shop = await Shop.open(conn)
        for reward_id in rewards:
            codes = {n: f"code-{n}" for n in range(1, 21)}
            await settling.insert_vouchers(conn, VoucherUpload(new_id(), reward_id, NOON), codes)
        events = []
        for n in range(60):
            member_id = await shop.member()
            await shop.buy(member_id, 10)
            reward_id = rewards[n % 2]
            redemption_id = await add_redemption(conn, member_id, reward_id, 10)
            events.append(redeemed(member_id, redemption_id, reward_id, 10))

    async def some(start: int) -> None:
        async with pool.acquire(timeout=30) as conn, conn.transaction():
            await decide_redemptions(conn, events[start : start + 4], shop.clock)

    await asyncio.gather(*(some(start) for start in range(0, 60, 4)))
    rows = await pool.fetch("select reward_id, voucher_code from redemption where status = 'completed'")
    assert len({tuple(row) for row in rows}) == len(rows) == 40
    assert await pool.fetchval("select count(*) from voucher where redemption_id is not null") == 40


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("month", 31), ("year", 366)])
async def test_a_limit_counts_in_its_period(conn: Connection, period: str, days: int) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 1, limit_per_member=1, limit_period=period)
    await shop.buy(member_id, 100)
    for _ in range(2):
        await redeem(shop, member_id, reward_id)
    await shop.pass_time(days=days)
    await redeem(shop, member_id, reward_id)
    assert await statuses(conn) == ["completed", "limit_reached", "completed"]


async def test_the_policy_may_change_between_a_hold_and_its_decision(conn: Connection) -> None:
    shop = await Shop.open(conn, hold_at_request=True)
    member_id, reward_id = await shop.member(), await add_reward(conn, 70)
    await shop.buy(member_id, 100)
    held = await ask(shop, member_id, reward_id)
    await set_policy(conn)
    plain = await ask(shop, member_id, reward_id)
    await decide(shop, plain, held)
    assert sorted(await statuses(conn)) == ["completed", "insufficient_points"]
    assert await balances(conn, member_id) == {"available": 30}
    assert await broken_checks(conn) == {}

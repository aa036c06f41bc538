"""Points in time: pending ones are released, those that nobody spends expire, whatever made them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.timed import keep_tending, tend
from loyalty.clock import Clock
from loyalty.domain.terms import Expiry, ExpiryMode, PointsTerms
from loyalty.services.adjusting import adjust_points
from loyalty.services.auditing import Actor
from loyalty.services.expiring import expire_points
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.releasing import release_points
from loyalty.services.tending import Tended
from loyalty.settings import Settings
from loyalty.store.database import Connection, Pool
from loyalty.store.timed import database_now, try_to_lead
from schemas.admin.members import NewAdjustment
from tests.support.points import Shop, balances, broken_checks, events_of, set_policy
from tests.support.rows import NOON, add_redemption, add_reward, laurel_pool, redeemed
from tests.support.waiting import eventually

OPERATOR = Actor("operator", "test")
A_YEAR = {"mode": "months", "months": 12}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def test_points_are_pending_for_their_period_and_then_available(conn: Connection) -> None:
    shop = await Shop.open(conn, pending_days=14, expiry=A_YEAR)
    member_id = await shop.member()
    await shop.buy(member_id, 40)
    assert await balances(conn, member_id) == {"pending": 40}
    await shop.pass_time(days=13, hours=23)
    assert await balances(conn, member_id) == {"pending": 40}
    await shop.pass_time(hours=1)
    assert await balances(conn, member_id) == {"available": 40}
    await shop.pass_time(hours=1)
    assert await conn.fetchval("select expires_at from lot") == datetime(2018, 3, 6, tzinfo=UTC)
    [earned] = await events_of(conn, "points.earned")
    assert (earned["pending_until"], earned["expires_at"]) == ("2017-03-19T12:00:00Z", "2018-03-06T00:00:00Z")
    [released] = await events_of(conn, "points.released")
    assert (released["points"], released["available_after"]) == (40, 40)
    receipt = await conn.fetchval("select receipt from award")
    assert (receipt["pending_until"], receipt["expires_at"]) == (earned["pending_until"], earned["expires_at"])
    assert await broken_checks(conn) == {}


async def test_a_purchase_that_is_processed_after_its_period_is_available_at_once(conn: Connection) -> None:
    shop = await Shop.open(conn, pending_days=14)
    member_id = await shop.member()
    await shop.buy(member_id, 40, at=NOON - timedelta(days=14))
    assert await balances(conn, member_id) == {"available": 40}
    [earned] = await events_of(conn, "points.earned")
    assert earned["pending_until"] is None


async def test_points_expire_at_the_instant_named_and_leave_an_event(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry=A_YEAR)
    member_id = await shop.member()
    await shop.buy(member_id, 40)
    shop.now = datetime(2018, 3, 5, 23, 59, 59, tzinfo=UTC)
    assert await shop.pass_time() == Tended()
    assert await shop.pass_time(seconds=1) == Tended(frozenset({member_id}))
    assert await balances(conn, member_id) == {}
    [expired] = await events_of(conn, "points.expired")
    assert (expired["points"], expired["available_after"]) == (40, 0)
    assert await broken_checks(conn) == {}


async def test_points_given_by_hand_expire_too(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry={"mode": "end_of_year"})
    member_id = await shop.member()
    async with conn.transaction():
        await adjust_points(conn, member_id, NewAdjustment(points=30, reason="Sorry"), OPERATOR, shop.clock)
    await shop.pass_time(days=365)
    assert await balances(conn, member_id) == {}


async def test_nobody_spends_points_that_have_expired_however_late_it_is_noticed(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry=A_YEAR)
    member_id, reward_id = await shop.member(), await add_reward(conn, 50)
    await shop.buy(member_id, 40)
    shop.now += timedelta(days=360)
    await shop.buy(member_id, 20)
    redemption_id = await add_redemption(conn, member_id, reward_id, 50)
    shop.now += timedelta(days=10)
    async with conn.transaction():
        await decide_redemptions(conn, [redeemed(member_id, redemption_id, reward_id, 50)], shop.clock)
    assert await conn.fetchval("select reason from redemption") == "insufficient_points"
    assert await balances(conn, member_id) == {"available": 20}
    assert [event["points"] for event in await events_of(conn, "points.expired")] == [40]
    assert await shop.pass_time() == Tended()
    assert await broken_checks(conn) == {}


async def test_rolling_points_live_on_while_the_member_is_active(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry={"mode": "rolling", "months": 6})
    member_id, idle_id = await shop.member(), await shop.member()
    for _ in range(4):
        await shop.buy(member_id, 10)
        await shop.pass_time(days=150)
    await shop.buy(idle_id, 7)
    assert await balances(conn, member_id) == {"available": 40}
    await shop.pass_time(days=40)
    assert (await balances(conn, member_id), await balances(conn, idle_id)) == ({}, {"available": 7})
    await shop.pass_time(days=200)
    assert await balances(conn, idle_id) == {}
    assert await broken_checks(conn) == {}


@pytest.mark.parametrize(
    ("zone", "active_at", "expires_at"),
    [
        ("Pacific/Auckland", "2017-03-31T11:30:00Z", "2017-05-01T12:00:00Z"),  # 1 April there
        ("America/New_York", "2017-02-01T04:30:00Z", "2017-03-01T05:00:00Z"),  # 31 January there
        ("Europe/London", "2017-02-26T12:00:00Z", "2017-03-26T23:00:00Z"),  # summer time began on that day
        ("UTC", "2017-01-30T23:59:59Z", "2017-03-01T00:00:00Z"),
    ],
)
async def test_rolling_months_end_with_a_day_of_the_programs_time_zone(
    conn: Connection, zone: str, active_at: str, expires_at: str
) -> None:
    await conn.execute("update program set time_zone = $1, ruleset_version = ruleset_version + 1", zone)
    shop = await Shop.open(conn, expiry={"mode": "rolling", "months": 1})
    member_id = await shop.member()
    shop.now = datetime.fromisoformat(active_at)
    await shop.buy(member_id, 10, at=shop.now - timedelta(days=20))
    expected = datetime.fromisoformat(expires_at)
    found = await conn.fetchval(
        "select lot_expiry(expires_at, rolls_months, active_at) from lot join wallet using (member_id)"
    )
    assert found == expected == PointsTerms(expiry=Expiry(ExpiryMode.ROLLING, 1)).expires_at(shop.now, ZoneInfo(zone))
    for shop.now, left in ((expected - timedelta(seconds=1), {"available": 10}), (expected, {})):
        await shop.pass_time()
        assert await balances(conn, member_id) == left


async def test_points_keep_the_terms_they_were_earned_under(conn: Connection) -> None:
    shop = await Shop.open(conn, expiry=A_YEAR)
    member_id = await shop.member()
    await shop.buy(member_id, 10)
    await set_policy(conn, expiry={"mode": "none"})
    await shop.buy(member_id, 20)
    await shop.pass_time(days=400)
    assert await balances(conn, member_id) == {"available": 20}


async def test_the_work_is_done_in_bounded_steps_until_nothing_is_left(conn: Connection) -> None:
    shop = await Shop.open(conn, pending_days=1, expiry=A_YEAR)
    members = [await shop.member() for _ in range(3)]
    for member_id in members:
        await shop.buy(member_id, 5)
        await shop.buy(member_id, 6)
    shop.now += timedelta(days=400)
    steps: list[Tended] = []

    async def in_pairs(conn: Connection, clock: Clock) -> Tended:
        released = await release_points(conn, clock, limit=2)
        steps.append(released if released.changed_members else await expire_points(conn, clock, limit=2))
        return steps[-1]

    changed: list[frozenset[object]] = []
    await tend(conn, in_pairs, changed.append)
    while (await conn.fetchval("select count(*) from lot where remaining > 0")) > 0:
        await tend(conn, in_pairs, changed.append)
    assert len(steps) >= 6
    assert await conn.fetchval("select sum(available) + sum(pending) from wallet") == 0
    assert await broken_checks(conn) == {}


async def test_two_who_expire_the_same_points_do_it_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        shop = await Shop.open(conn, expiry=A_YEAR)
        for _ in range(20):
            await shop.buy(await shop.member(), 5)
    shop.now += timedelta(days=400)

    async def expire() -> None:
        async with pool.acquire() as conn, conn.transaction():
            await expire_points(conn, shop.clock)

    await asyncio.gather(expire(), expire(), expire())
    async with pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from journal_entry where kind = 'expire'") == 20
        assert await broken_checks(conn) == {}


async def test_time_is_the_databases(conn: Connection) -> None:
    async with conn.transaction():
        assert await database_now(conn) == await conn.fetchval("select now()")


async def test_one_worker_of_all_does_the_work_and_another_takes_over(
    pool: Pool, database_url: str, redis_url: str
) -> None:
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        signing_key="x" * 43,
        worker_timed_every_seconds=0.02,
    )
    steps: list[str] = []

    def worker(name: str) -> asyncio.Task[None]:
        async def step(conn: Connection, clock: Clock) -> Tended:
            steps.append(name)
            return Tended()

        return asyncio.create_task(keep_tending(pool, settings, lambda _: None, [step]))

    first = worker("first")
    await eventually(lambda: len(steps) > 2, 10)
    async with pool.acquire() as conn:
        assert not await try_to_lead(conn)
    second = worker("second")
    done = len(steps)
    await eventually(lambda: len(steps) > done + 3, 10)
    assert set(steps) == {"first"}
    first.cancel()
    await eventually(lambda: "second" in steps, 10)
    second.cancel()

"""Tiers that members move between: with each purchase, every night, and never from a total that was not locked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.clock import system_clock
from loyalty.services.auditing import Actor
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.member_views import view_points
from loyalty.services.program import replace_tiers
from loyalty.services.recalculating_tiers import recalculate_tiers
from loyalty.services.rulesets import Rulesets
from loyalty.services.tending import Tended
from loyalty.services.verifying_rules import verify_rules
from loyalty.store.database import Connection, Pool
from schemas.admin.program import Tiers
from tests.support.points import Shop, refund, take_back
from tests.support.rows import (
    BASE_RULE,
    NOON,
    add_member,
    add_merchant,
    add_rule,
    add_transaction,
    laurel_pool,
    recorded,
)

TESTER = Actor("system", "test")
BASE = {"code": "base", "name": "Member", "rank": 0, "threshold_points": 0}
SILVER = {"code": "silver", "name": "Silver", "rank": 1, "threshold_points": 30, "threshold_spend_minor": 3000}
GOLD = {"code": "gold", "name": "Gold", "rank": 2, "threshold_points": 60, "threshold_spend_minor": 6000}
LADDER: list[dict[str, Any]] = [BASE, {**SILVER, "multiplier": "1.5"}, {**GOLD, "multiplier": "2"}]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def set_tiers(conn: Connection, **qualification: Any) -> None:
    command = Tiers.model_validate({"tiers": LADDER, "qualification": qualification or None})
    async with conn.transaction():
        await replace_tiers(conn, command, TESTER, system_clock)


async def purchases(conn: Connection, member_id: UUID, count: int, *, at: datetime = NOON) -> list[Recorded]:
    """Purchases of 10.00."""
    merchant_id = await add_merchant(conn)
    return [
        recorded(member_id, await add_transaction(conn, member_id, merchant_id, at=at), at=at) for _ in range(count)
    ]


async def award(conn: Connection, events: list[Recorded], at: datetime = NOON) -> None:
    async with conn.transaction():
        await award_transactions(conn, events, lambda: at, Rulesets())


async def recalculate(conn: Connection, at: datetime, limit: int = 500) -> Tended:
    async with conn.transaction():
        return await recalculate_tiers(conn, lambda: at, limit)


async def tier_of(conn: Connection, member_id: UUID) -> str:
    code: str = await conn.fetchval("select tier_code from member where id = $1", member_id)
    return code


async def points_of(conn: Connection, member_id: UUID) -> list[int]:
    rows = await conn.fetch("select points from award where member_id = $1 order by wallet_version", member_id)
    return [row["points"] for row in rows]


async def verify(conn: Connection) -> int:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return [found async for found in verify_rules(conn)][-1].differences


@pytest.mark.parametrize("batches", [1, 6])
async def test_the_next_purchase_is_made_in_the_tier_that_the_last_one_reached(conn: Connection, batches: int) -> None:
    """However the purchases are batched: what counts is never older than the purchase before."""
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn, measure="points")
    member_id = await add_member(conn)
    events = await purchases(conn, member_id, 6)
    for number in range(batches):
        await award(conn, events[number * 6 // batches : (number + 1) * 6 // batches])
    assert await points_of(conn, member_id) == [10, 10, 10, 15, 15, 20]
    assert await tier_of(conn, member_id) == "gold"
    moves = await conn.fetch("select from_code, to_code, reason from tier_change order by wallet_version")
    assert [tuple(move) for move in moves] == [("base", "silver", "qualified"), ("silver", "gold", "qualified")]
    told = await conn.fetchval("select count(*) from outbox where topic = 'tier.changed' and key = $1", str(member_id))
    assert told == 2
    assert await verify(conn) == 0


async def test_what_is_spent_may_be_what_counts(conn: Connection) -> None:
    await set_tiers(conn, measure="spend")
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 3))
    assert await tier_of(conn, member_id) == "silver"
    standing = (await view_points(conn, member_id)).tier
    assert standing.outlook is not None
    assert (standing.points_to_next, standing.outlook.counted, standing.outlook.to_next) == (None, "30.00", "30.00")
    assert standing.outlook.currency == "GBP"


async def test_without_a_policy_nobody_moves(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn)
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 9))
    assert await recalculate(conn, NOON) == Tended()
    assert await tier_of(conn, member_id) == "base"
    assert await conn.fetchval("select count(*) from qualifying_month") == 0


async def test_a_policy_that_comes_later_counts_what_came_before(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 4))
    await set_tiers(conn, measure="points")
    assert (await recalculate(conn, NOON)).changed_members == {member_id}
    assert await tier_of(conn, member_id) == "silver"
    assert await recalculate(conn, NOON) == Tended()


async def test_a_year_that_is_over_takes_the_tier_after_the_grace(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn, measure="points", period="calendar_year", grace_days=30)
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 3))
    standing = (await view_points(conn, member_id)).tier
    assert standing.code == "silver"
    new_year = datetime(2019, 1, 1, 0, 30, tzinfo=UTC)
    for at, code in (
        (new_year - timedelta(hours=1), "silver"),
        (new_year, "silver"),
        (new_year + timedelta(days=29), "silver"),
        (new_year + timedelta(days=30), "base"),
    ):
        await recalculate(conn, at)
        assert await tier_of(conn, member_id) == code, at
    assert await verify(conn) == 0


async def test_in_grace_a_member_is_told_what_it_takes_to_stay(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn, measure="points", period="rolling_12_months", grace_days=30)
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 3))
    await recalculate(conn, datetime(2018, 3, 1, tzinfo=UTC))
    outlook = (await view_points(conn, member_id)).tier.outlook
    assert outlook is not None
    assert (outlook.at_risk, outlook.to_keep) == (True, "30")
    assert outlook.keep_by == datetime(2018, 3, 31, tzinfo=UTC)


async def test_two_workers_at_once_miss_nothing_that_counts(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BASE_RULE)
        await set_tiers(conn, measure="points")
        member_id = await add_member(conn)
        batches = [await purchases(conn, member_id, 1) for _ in range(6)]

    async def one(batch: list[Recorded]) -> None:
        async with pool.acquire() as conn:
            await award(conn, batch)

    await asyncio.gather(*(one(batch) for batch in batches))
    async with pool.acquire() as conn:
        assert await points_of(conn, member_id) == [10, 10, 10, 15, 15, 20]
        assert await verify(conn) == 0


async def test_a_recalculation_goes_on_where_it_was_broken_off(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    members = [await add_member(conn) for _ in range(5)]
    for member_id in members:
        await award(conn, await purchases(conn, member_id, 3))
    await set_tiers(conn, measure="points")
    first = await recalculate(conn, NOON, limit=2)
    assert (len(first.changed_members), first.more) == (2, True)
    broken_off = conn.transaction()
    await broken_off.start()
    assert (await recalculate_tiers(conn, lambda: NOON, 2)).more
    await broken_off.rollback()
    again = [await recalculate(conn, NOON, limit=2) for _ in range(2)]
    assert [(len(step.changed_members), step.more) for step in again] == [(2, True), (1, False)]
    assert await conn.fetchval("select count(*) from tier_change") == 5
    assert await recalculate(conn, NOON + timedelta(days=1)) == Tended()


async def test_what_was_counted_wrongly_is_counted_anew(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn, measure="points")
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 3))
    await conn.execute("update qualifying_month set points = 5000, spend_minor = 1")
    await recalculate(conn, NOON)
    assert tuple(await conn.fetchrow("select points, spend_minor from qualifying_month")) == (30, 3000)
    assert await tier_of(conn, member_id) == "silver"


async def test_the_number_of_statements_does_not_depend_on_the_batch(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    await set_tiers(conn, measure="points")
    rulesets, counts = Rulesets(), []
    for size in (3, 3, 40):
        events = [event for _ in range(size) for event in await purchases(conn, await add_member(conn), 3)]
        seen: list[str] = []
        with conn.query_logger(lambda record, seen=seen: seen.append(record.query)):
            async with conn.transaction():
                await award_transactions(conn, events, system_clock, rulesets)
        counts.append(len(seen))
    assert counts[1] == counts[2] <= 16


async def test_what_is_refunded_no_longer_counts(conn: Connection) -> None:
    shop = await Shop.open(conn)
    await set_tiers(conn, measure="points")
    member_id = await shop.member()
    transaction_id = await shop.buy(member_id, 40)
    assert await tier_of(conn, member_id) == "silver"
    await take_back(shop, await refund(shop, transaction_id, 15))
    assert await tier_of(conn, member_id) == "base"
    await recalculate(conn, NOON)
    assert tuple(await conn.fetchrow("select points, spend_minor from qualifying_month")) == (25, 2500)
    assert await verify(conn) == 0

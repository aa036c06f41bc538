"""Skipping the dead letter of a redemption's request cancels the redemption: nobody waits, and no points are held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from loyalty.clock import system_clock
from loyalty.services import dead_letters
from loyalty.services.redeeming import CONSUMER
from loyalty.store.database import Connection, Pool
from loyalty.store.dead_letters import NewDeadLetter
from tests.support.points import Shop, ask, balances, broken_checks, decide, events_of
from tests.support.rows import add_reward, laurel_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def park(conn: Connection, redemption_id: UUID) -> UUID:
    """The request becomes a dead letter, as the worker would make it."""
    letter = NewDeadLetter(CONSUMER, redemption_id, "reward.redeemed", 0, 0, b"key", {}, b"{}", "Bug", "a bug")
    async with conn.transaction():
        assert await dead_letters.park(conn, letter, system_clock, limit_per_hour=10)
    letter_id = await conn.fetchval("select id from dead_letter")
    assert isinstance(letter_id, UUID)
    return letter_id


async def skip(conn: Connection, letter_id: UUID) -> None:
    async with conn.transaction():
        await dead_letters.skip(conn, letter_id, system_clock)


@pytest.mark.parametrize("hold_at_request", [True, False])
async def test_a_skipped_request_cancels_its_redemption(conn: Connection, hold_at_request: bool) -> None:
    shop = await Shop.open(conn, hold_at_request=hold_at_request)
    member_id, reward_id = await shop.member(), await add_reward(conn, 60)
    await shop.buy(member_id, 100)
    redemption_id = await ask(shop, member_id, reward_id)
    letter_id = await park(conn, redemption_id)
    assert await balances(conn, member_id) == ({"available": 40, "held": 60} if hold_at_request else {"available": 100})
    await skip(conn, letter_id)
    assert await balances(conn, member_id) == {"available": 100}
    stored = await conn.fetchrow("select status, cancel_reason from redemption")
    assert tuple(stored or ()) == ("cancelled", dead_letters.SKIPPED)
    [told] = await events_of(conn, "redemption.cancelled")
    assert (told["redemption_id"], told["available_after"]) == (str(redemption_id), 100)
    assert told["points_returned"] == (60 if hold_at_request else 0)
    assert await broken_checks(conn) == {}


async def test_a_redemption_that_was_decided_meanwhile_stays(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 60)
    await shop.buy(member_id, 100)
    redemption_id = await ask(shop, member_id, reward_id)
    await decide(shop, redemption_id)
    await conn.execute("delete from inbox")
    await skip(conn, await park(conn, redemption_id))
    assert await conn.fetchval("select status from redemption") == "completed"
    assert await events_of(conn, "redemption.cancelled") == []


async def test_skipped_and_decided_at_once_has_one_outcome(pool: Pool, conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id, reward_id = await shop.member(), await add_reward(conn, 60)
    await shop.buy(member_id, 100)
    redemption_id = await ask(shop, member_id, reward_id)
    letter_id = await park(conn, redemption_id)
    await conn.execute("delete from inbox where consumer = $1", CONSUMER)
    async with pool.acquire() as other:
        await asyncio.gather(decide(shop, redemption_id), skip(other, letter_id))
    outcomes = await events_of(conn, "redemption.cancelled") + await events_of(conn, "redemption.completed")
    status = await conn.fetchval("select status from redemption")
    assert ([told["redemption_id"] for told in outcomes], status in ("completed", "cancelled")) == (
        [str(redemption_id)],
        True,
    )
    assert await balances(conn, member_id) == {"available": 40 if status == "completed" else 100}
    assert await broken_checks(conn) == {}


async def test_a_letter_of_no_redemption_is_just_skipped(conn: Connection) -> None:
    await skip(conn, await park(conn, UUID(int=7)))
    assert await conn.fetchval("select resolution from dead_letter") == "skipped"

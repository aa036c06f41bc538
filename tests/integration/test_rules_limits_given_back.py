"""Limits and budgets count what members keep: who earns, refunds and repeats gains nothing and exhausts nothing."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.services.replaying_history import replay_history
from loyalty.services.verifying_rules import verify_rules
from loyalty.store.database import Connection
from schemas.admin.rules import NewRule
from tests.support.campaigns import seeded, sized
from tests.support.points import Shop, balances, broken_checks, redeem, refund, set_policy, take_back
from tests.support.rows import add_merchant, add_reward, add_rule, laurel_pool

SEQUENCES = sized(6, 300)
DOUBLE: dict[str, Any] = {
    "name": "Two a pound, up to 50 a month, while 90 last",
    "effect": {"type": "points_per_amount", "points": "2", "per": "1"},
    "limits": {"points_per_member": {"points": 50, "period": "month"}, "budget_points": 90},
}
BASE: dict[str, Any] = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url) as pool, pool.acquire() as acquired:
        yield acquired


async def open_shop(conn: Connection, *rules: dict[str, Any], **policy: Any) -> Shop:
    await set_policy(conn, **policy)
    for rule in rules:
        await add_rule(conn, rule)
    return Shop(conn, await add_merchant(conn))


async def counted(conn: Connection) -> dict[str, int]:
    """What the counters stand at, of all members together."""
    return {
        "member": await conn.fetchval("select coalesce(sum(points), 0)::bigint from rule_member_usage"),
        "budget": await conn.fetchval("select coalesce(sum(points), 0)::bigint from rule_budget_usage"),
    }


async def check_explained(conn: Connection, *rules: dict[str, Any]) -> None:
    """The rules explain every award, and the same rules as a draft give what was given."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        found = [found async for found in verify_rules(conn)][-1]
        drafts = [NewRule.model_validate(rule) for rule in rules]
        result = [one.result async for one in replay_history(conn, drafts)][-1]
    assert (found.differences, found.first) == (0, [])
    assert result is not None
    assert (result.purchases_changed, result.points.difference) == (0, 0)


async def test_earn_refund_repeat_gains_nothing_and_exhausts_nothing(conn: Connection) -> None:
    shop = await open_shop(conn, DOUBLE)
    member_id = await shop.member()
    for _ in range(4):
        transaction_id = await shop.buy(member_id, 20)
        for part in (7, 7, 6):
            await take_back(shop, await refund(shop, transaction_id, part))
        assert await balances(conn, member_id) == {}
        assert await counted(conn) == {"member": 0, "budget": 0}
    await shop.buy(member_id, 40)
    assert await balances(conn, member_id) == {"available": 50}
    assert await broken_checks(conn) == {}
    await check_explained(conn, DOUBLE)


async def test_what_a_member_keeps_stays_counted(conn: Connection) -> None:
    shop = await open_shop(conn, DOUBLE, refund_policy="within_balance")
    member_id = await shop.member()
    reward_id = await add_reward(conn, 40)
    bought = await shop.buy(member_id, 20)
    await redeem(shop, member_id, reward_id)
    await take_back(shop, await refund(shop, bought, 20))
    assert await counted(conn) == {"member": 40, "budget": 40}
    await shop.buy(member_id, 20)
    assert await balances(conn, member_id) == {"available": 10}


async def test_what_a_member_owes_is_given_back(conn: Connection) -> None:
    shop = await open_shop(conn, DOUBLE, refund_policy="unlimited")
    member_id = await shop.member()
    reward_id = await add_reward(conn, 40)
    bought = await shop.buy(member_id, 20)
    await redeem(shop, member_id, reward_id)
    await take_back(shop, await refund(shop, bought, 10), await refund(shop, bought, 10))
    assert await balances(conn, member_id) == {"owed": 40}
    assert await counted(conn) == {"member": 0, "budget": 0}


async def test_the_month_of_the_purchase_gets_it_back_whenever_it_is_refunded(conn: Connection) -> None:
    shop = await open_shop(conn, DOUBLE)
    member_id = await shop.member()
    bought = await shop.buy(member_id, 20)
    shop.now += timedelta(days=40)
    await shop.buy(member_id, 15)
    await take_back(shop, await refund(shop, bought, 20))
    periods = await conn.fetch("select period_key, points from rule_member_usage order by 1")
    assert [tuple(row) for row in periods] == [("2017-03", 0), ("2017-04", 30)]


async def kept(conn: Connection) -> int:
    """The same from the records: of the rule's share of each award what was not returned, in proportion, rounded up."""
    rows = await conn.fetch(
        """select (rule ->> 'points')::bigint as share, a.points, coalesce((
             select sum(points_reversed + points_lapsed) from refund r where r.transaction_id = a.transaction_id
           ), 0)::bigint as returned
           from award a, jsonb_array_elements(a.receipt -> 'rules') rule where rule ->> 'name' like 'Two%'"""
    )
    return sum(row["share"] - row["share"] * row["returned"] // row["points"] for row in rows if row["points"])


async def test_counters_are_what_members_kept_whatever_happens(conn: Connection) -> None:
    """Two rules share each award, so that what comes back is a part of a part; policies change on the way."""
    shop = await open_shop(conn, BASE, DOUBLE)
    rng = seeded("limits given back")
    reward_id = await add_reward(conn, 5)
    members = [await shop.member() for _ in range(2)]
    for _ in range(SEQUENCES):
        await set_policy(conn, refund_policy=rng.choice(["only_pending", "within_balance", "unlimited"]))
        await _something_happens(shop, rng, members, reward_id)
        assert await counted(conn) == {"member": (now := await kept(conn)), "budget": now}
    await check_explained(conn, BASE, DOUBLE)


async def _something_happens(shop: Shop, rng: random.Random, members: list[UUID], reward_id: UUID) -> None:
    bought = {}
    for _ in range(4):
        points = rng.randint(1, 30)
        bought[await shop.buy(rng.choice(members), points)] = points
        shop.now += timedelta(days=rng.choice([0, 1, 9]))
    await redeem(shop, rng.choice(members), reward_id)
    for transaction_id, points in bought.items():
        first = rng.randint(1, points)
        parts = [first, points - first] if first < points and rng.random() < 0.6 else [first]
        await take_back(shop, *[await refund(shop, transaction_id, part) for part in parts])

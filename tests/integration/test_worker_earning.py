"""Awarding purchases in batches: once, in order, within the limits, in a fixed number of statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from loyalty.clock import new_id, system_clock
from loyalty.errors import NotFound
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.incoming import Handled
from loyalty.services.rulesets import Rulesets
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
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

CAPPED_RULE = {
    "name": "Base",
    "effect": {"type": "points_per_amount", "points": "1", "per": "1"},
    "limits": {"points_per_member": {"points": 25, "period": "day"}},
}
BUDGET_RULE = {"name": "Gift", "effect": {"type": "fixed", "points": 40}, "limits": {"budget_points": 100}}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def award(conn: Connection, events: list[Recorded], rulesets: Rulesets | None = None) -> Handled:
    async with conn.transaction():
        return await award_transactions(conn, events, system_clock, rulesets or Rulesets())


async def purchases(conn: Connection, member_id: UUID, count: int, amount_minor: int = 1000) -> list[Recorded]:
    merchant_id = await add_merchant(conn)
    amount = f"{amount_minor // 100}.{amount_minor % 100:02}"
    return [
        recorded(member_id, await add_transaction(conn, member_id, merchant_id, amount_minor), amount)
        for _ in range(count)
    ]


async def available(conn: Connection, member_id: UUID) -> int:
    points = await conn.fetchval("select available from wallet where member_id = $1", member_id)
    assert isinstance(points, int)
    return points


async def test_a_purchase_becomes_points_with_a_receipt_an_entry_and_an_event(conn: Connection) -> None:
    rule_id, member_id = await add_rule(conn, BASE_RULE), await add_member(conn)
    (event,) = await purchases(conn, member_id, 1)
    handled = await award(conn, [event])
    assert handled == Handled(1, frozenset({member_id}))
    stored = await conn.fetchrow(
        "select a.*, e.event_id, e.source_id from award a join journal_entry e on e.id = entry_id"
    )
    assert stored is not None
    assert (stored["points"], stored["wallet_version"], stored["event_id"]) == (10, 1, event.event_id)
    assert stored["source_id"] == event.body.transaction_id
    assert stored["receipt"]["points"] == 10
    emitted = await conn.fetchrow("select topic, key, payload from outbox")
    assert emitted is not None
    assert (emitted["topic"], emitted["key"]) == ("points.earned", str(member_id))
    assert str(rule_id).encode() in emitted["payload"]


async def test_a_redelivered_batch_has_no_effect(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    member_id = await add_member(conn)
    events = await purchases(conn, member_id, 3)
    assert (await award(conn, [*events, events[0]])).fresh_events == 3
    assert (await award(conn, [events[2], *events])).fresh_events == 0
    assert await available(conn, member_id) == 30
    assert await conn.fetchval("select count(*) from outbox") == 3


async def test_an_awarded_purchase_is_left_alone_even_when_the_inbox_forgot_it(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    member_id = await add_member(conn)
    events = await purchases(conn, member_id, 2)
    await award(conn, events[:1])
    await conn.execute("delete from inbox")
    assert (await award(conn, events)).fresh_events == 1
    assert await available(conn, member_id) == 20


async def test_an_award_of_nothing_is_told_but_not_booked(conn: Connection) -> None:
    member_id = await add_member(conn)
    (event,) = await purchases(conn, member_id, 1)
    await award(conn, [event])
    assert await conn.fetchval("select (points, entry_id is null, wallet_version) = (0, true, 1) from award")
    assert await conn.fetchval("select count(*) from journal_entry") == 0
    assert await conn.fetchval("select count(*) from outbox") == 1


async def test_purchases_of_a_batch_use_up_a_members_limit_one_after_the_other(conn: Connection) -> None:
    await add_rule(conn, CAPPED_RULE)
    member_id, other_id = await add_member(conn), await add_member(conn)
    events = await purchases(conn, member_id, 4) + await purchases(conn, other_id, 1)
    await award(conn, events[:2])
    await award(conn, events[2:])
    points = await conn.fetch("select points from award where member_id = $1 order by wallet_version", member_id)
    assert [row["points"] for row in points] == [10, 10, 5, 0]
    assert await available(conn, other_id) == 10


async def test_two_connections_share_a_budget(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BUDGET_RULE)
        batches = [await purchases(conn, await add_member(conn), 1) for _ in range(8)]

    async def one(batch: list[Recorded]) -> None:
        async with pool.acquire() as conn:
            await award(conn, batch)

    await asyncio.gather(*(one(batch) for batch in batches))
    assert await pool.fetchval("select sum(points) from award") == 100
    assert await pool.fetchval("select points from rule_budget_usage") == 100


async def test_the_first_purchase_is_the_first_even_within_a_batch(conn: Connection) -> None:
    welcome = {
        "name": "Welcome",
        "effect": {"type": "fixed", "points": 500},
        "conditions": [{"field": "first_purchase", "op": "eq", "value": True}],
    }
    await add_rule(conn, welcome)
    member_id = await add_member(conn)
    await award(conn, await purchases(conn, member_id, 3))
    assert await available(conn, member_id) == 500


async def test_an_activated_rule_counts_from_the_next_batch(conn: Connection) -> None:
    rulesets, member_id = Rulesets(), await add_member(conn)
    events = await purchases(conn, member_id, 2)
    await award(conn, events[:1], rulesets)
    await add_rule(conn, BASE_RULE)
    await award(conn, events[1:], rulesets)
    assert await available(conn, member_id) == 10
    versions = await conn.fetch("select distinct ruleset_version from award order by 1")
    assert [row["ruleset_version"] for row in versions] == [1, 2]


async def test_an_unknown_member_fails_the_batch_and_leaves_nothing(conn: Connection) -> None:
    member_id = await add_member(conn)
    events = await purchases(conn, member_id, 1)
    with pytest.raises(NotFound):
        await award(conn, [*events, recorded(new_id(), new_id())])
    assert await conn.fetchval("select count(*) from inbox") == 0


async def test_one_event_delivered_to_two_workers_at_once_is_awarded_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BASE_RULE)
        member_id = await add_member(conn)
        events = await purchases(conn, member_id, 20)

    async def deliver(order: list[Recorded]) -> int:
        async with pool.acquire() as conn:
            return (await award(conn, order)).fresh_events

    fresh = await asyncio.gather(deliver(events), deliver(events[::-1]), deliver(events[10:]))
    assert sum(fresh) == 20
    assert await pool.fetchval("select available from wallet") == 200


async def test_a_killed_connection_leaves_nothing_and_the_next_try_does_it(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BASE_RULE)
        member_id = await add_member(conn)
        events = await purchases(conn, member_id, 5)

    async def award_and_lose_the_connection() -> None:
        async with pool.acquire() as conn, conn.transaction():
            await award_transactions(conn, events, system_clock, Rulesets())
            await pool.execute("select pg_terminate_backend($1)", conn.get_server_pid())
            await conn.fetch("select 1")

    with pytest.raises(DATABASE_AWAY):
        await award_and_lose_the_connection()
    assert await pool.fetchval("select count(*) from award") == 0
    async with pool.acquire() as conn:
        assert (await award(conn, events)).fresh_events == 5


async def statements_of(conn: Connection, events: list[Recorded], rulesets: Rulesets) -> int:
    seen: list[str] = []

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        seen.append(record.query)

    with conn.query_logger(note):
        await award(conn, events, rulesets)
    return len(seen)


async def test_the_number_of_statements_does_not_depend_on_the_batch(conn: Connection) -> None:
    await add_rule(conn, CAPPED_RULE)
    await add_rule(conn, BUDGET_RULE | {"limits": {"budget_points": 10_000}})
    rulesets = Rulesets()
    one = await purchases(conn, await add_member(conn), 1)
    await award(conn, await purchases(conn, await add_member(conn), 2), rulesets)
    many = [event for _ in range(30) for event in await purchases(conn, await add_member(conn), 3)]
    few_statements = await statements_of(conn, one, rulesets)
    assert few_statements == await statements_of(conn, many, rulesets)
    assert few_statements <= 13


async def test_the_journal_remembers_when(conn: Connection) -> None:
    await add_rule(conn, BASE_RULE)
    member_id = await add_member(conn)
    events = await purchases(conn, member_id, 1)
    async with conn.transaction():
        await award_transactions(conn, events, lambda: NOON, Rulesets())
    assert await conn.fetchval("select booked_at from journal_entry") == NOON

"""The inbox stays bounded, and what it forgot still has no second effect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from loyalty.clock import Clock, first_id_at, new_id, system_clock
from loyalty.services.earning import CONSUMER, award_transactions
from loyalty.services.forgetting import forget_handled
from loyalty.services.rulesets import Rulesets
from loyalty.store.database import Connection
from tests.support.rows import BASE_RULE, add_member, add_merchant, add_rule, add_transaction, laurel_pool, recorded

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEEP = timedelta(days=45)
NAMESPACE = UUID(int=0)


def clock() -> datetime:
    return NOW


async def remember(conn: Connection, consumer: str, age: timedelta, event_id: UUID | None = None) -> UUID:
    received_at = NOW - age
    event_id = event_id or UUID(int=first_id_at(received_at).int | new_id().int & (2**60 - 1))
    await conn.execute("insert into inbox values ($1, $2, $3)", consumer, event_id, received_at)
    return event_id


async def remembered(conn: Connection) -> set[UUID]:
    return {row["event_id"] for row in await conn.fetch("select event_id from inbox")}


async def forget_all(conn: Connection, at: Clock = clock, batch_events: int = 3) -> int:
    steps, more = 0, True
    while more:
        async with conn.transaction():
            more = await forget_handled(conn, [CONSUMER], KEEP, at, batch_events)
        steps += 1
    return steps


async def test_what_is_old_goes_in_bounded_steps(database_url: str) -> None:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        for days in range(46, 56):
            await remember(conn, CONSUMER, timedelta(days=days))
        kept = {
            await remember(conn, CONSUMER, timedelta(days=44)),
            await remember(conn, "another", timedelta(days=100)),
            # told of again long after it happened, and by its place in Kafka: both handled lately
            await remember(conn, CONSUMER, timedelta(days=1), first_id_at(NOW - timedelta(days=300))),
            await remember(conn, CONSUMER, timedelta(days=1), uuid5(NAMESPACE, "place")),
        }
        assert await forget_all(conn) == 4
        assert await remembered(conn) == kept


async def test_what_was_forgotten_is_still_not_done_twice(database_url: str) -> None:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        await add_rule(conn, BASE_RULE)
        member_id = await add_member(conn)
        event = recorded(member_id, await add_transaction(conn, member_id, await add_merchant(conn)))
        for fresh in (1, 0):
            async with conn.transaction():
                handled = await award_transactions(conn, [event], system_clock, Rulesets())
            assert handled.fresh_events == fresh
            await forget_all(conn, lambda: system_clock() + KEEP + timedelta(days=1))
            assert await remembered(conn) == set()
        assert await conn.fetchval("select available from wallet") == 10

"""Looking at the log shows what is there, and following it misses nothing that commits late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from outbox import append
from outbox.tail import follow, last_events
from tests.support.outbox import Stage, staged
from tests.support.waiting import eventually


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders", "refunds"], topic_prefix, 1) as found:
        yield found


async def test_the_last_events_are_shown_in_order_with_what_became_of_them(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.pass_over(conn, *(stage.event(f"k{n % 2}") for n in range(4)))
    await stage.append(conn, stage.event("k0"), stage.event("k0", topic="refunds"))
    await conn.execute(
        """insert into outbox_parked (outbox_id, event_id, topic, key, payload, source, occurred_at, created_at)
        select id, event_id, topic, key, payload, source, occurred_at, created_at from outbox where id = 4"""
    )
    shown = await last_events(conn, 3)
    assert [(event.id, event.state) for event in shown] == [(4, "parked"), (5, "waiting"), (6, "waiting")]
    assert [event.id for event in await last_events(conn, 10, "orders", "k0")] == [1, 3, 5]
    assert await last_events(conn, 0) == []


async def test_following_shows_each_event_once_when_it_commits(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.append(conn, stage.event("before"))
    seen: list[str] = []
    reader, writer = await asyncpg.connect(stage.dsn), await asyncpg.connect(stage.dsn)

    async def read() -> None:
        async for event in follow(reader, 10, "orders", pause_seconds=0.01):
            seen.append(event.key)

    transaction = writer.transaction()
    await transaction.start()
    await append(writer, [stage.event("late")], stage.topics)
    reading = asyncio.create_task(read())
    await eventually(lambda: seen == ["before"])
    for number in range(3):
        await stage.append(conn, stage.event(f"k{number}"), stage.event("other", topic="refunds"))
    await eventually(lambda: seen == ["before", "k0", "k1", "k2"])
    await transaction.commit()
    await eventually(lambda: seen == ["before", "k0", "k1", "k2", "late"])
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await reader.close()
    await writer.close()

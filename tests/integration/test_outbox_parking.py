"""A record that Kafka refuses for good holds back its key, in order, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from outbox import status
from outbox.parking import ParkedKey, TooManyParkedError, list_parked, requeue, skip
from tests.support.outbox import Stage, staged
from tests.support.waiting import eventually

LIMIT_BYTES = 2_000


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix) as found:
        yield found


async def parked(conn: asyncpg.Connection, waiting_rows: int) -> ParkedKey:
    """The one parked key, once so many rows wait."""

    async def found() -> ParkedKey | None:
        keys = await list_parked(conn)
        return keys[0] if keys and keys[0].waiting_rows == waiting_rows else None

    key = await eventually(found, 20)
    assert key is not None
    return key


async def nothing_parked(conn: asyncpg.Connection) -> bool:
    return not await list_parked(conn)


async def fill(stage: Stage, conn: asyncpg.Connection) -> int:
    """Twenty events of two keys, the fifth of key "a" too large; its id."""
    for number in range(10):
        payload = b"x" * (LIMIT_BYTES + 1) if number == 4 else None
        ids = await stage.append(conn, stage.event("a", payload), stage.event("b"))
        large = ids[0] if number == 4 else 0
        if large:
            found = large
    return found


async def ids_of(stage: Stage, key: str, at_least: int) -> list[int]:
    return [record.outbox_id for record in await stage.records(at_least) if record.key == key]


async def test_the_key_is_parked_in_order_and_the_rest_flows(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    large = await fill(stage, conn)
    async with stage.relaying():
        key = await parked(conn, waiting_rows=6)
        await stage.append(conn, stage.event("a"), stage.event("b"))
        await parked(conn, waiting_rows=7)
        await stage.published_rows(conn, 15)
    assert (key.topic, key.key, key.outbox_id, key.attempts) == ("orders", "a", large, 1)
    assert "MSG_SIZE_TOO_LARGE" in str(key.error)
    assert await ids_of(stage, "a", 15) == [1, 3, 5, 7]
    assert await ids_of(stage, "b", 15) == list(range(2, 23, 2))
    assert (await status(conn)).parked_keys == 1


async def test_nothing_of_a_key_gets_ahead_of_its_refused_first_event(stage: Stage, conn: asyncpg.Connection) -> None:
    """A broker that knows nothing of a producer yet takes its second batch although it refused the first."""
    stage.limit_topic("orders", LIMIT_BYTES)
    large = stage.event("a", b"x" * (LIMIT_BYTES + 1))
    await stage.append(conn, large, *(stage.event("a") for _ in range(300)), stage.event("b"))
    async with stage.relaying():
        await parked(conn, waiting_rows=301)
        await stage.published_rows(conn, 1)
    assert [record.key for record in await stage.records(1)] == ["b"]


async def test_a_new_leader_knows_what_is_parked(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    await fill(stage, conn)
    async with stage.relaying():
        await parked(conn, waiting_rows=6)
    async with stage.relaying():
        await stage.append(conn, stage.event("a"), stage.event("b"))
        await parked(conn, waiting_rows=7)
        await stage.published_rows(conn, 15)
    assert 21 not in await ids_of(stage, "a", 15)


async def test_requeue_publishes_the_key_in_order_once_kafka_takes_it(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    large = await fill(stage, conn)
    async with stage.relaying():
        await parked(conn, waiting_rows=6)
        assert await requeue(conn, "orders", "a") == large
        await eventually(lambda: tried_again(conn))
        stage.limit_topic("orders", 1_000_000)
        assert await requeue(conn, "orders", "a") == large
        await eventually(lambda: nothing_parked(conn), 20)
        await stage.append(conn, stage.event("a"))
        await stage.published_rows(conn, 21)
    assert await ids_of(stage, "a", 21) == [*range(1, 20, 2), 21]
    assert await requeue(conn, "orders", "a") is None, "nothing is parked any more"


async def tried_again(conn: asyncpg.Connection) -> bool:
    (key,) = await list_parked(conn)
    return key.attempts == 2 and key.requested is None and key.waiting_rows == 6


async def test_skip_leaves_out_the_refused_event_and_publishes_the_rest(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    large = await fill(stage, conn)
    async with stage.relaying():
        await parked(conn, waiting_rows=6)
        assert await skip(conn, "orders", "a") == large
        await eventually(lambda: nothing_parked(conn), 20)
    assert await ids_of(stage, "a", 19) == [id_ for id_ in range(1, 20, 2) if id_ != large]
    assert await conn.fetchval("select true from outbox where id = $1", large), "it stays in the log"


async def test_what_a_requeue_published_before_a_crash_is_not_repeated(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    await fill(stage, conn)
    async with stage.relaying():
        await parked(conn, waiting_rows=6)
    await conn.execute("create table before_crash as select * from outbox_parked")
    saved = await conn.fetchrow("select since::text, ends::text from outbox_checkpoint")
    stage.limit_topic("orders", 1_000_000)
    async with stage.relaying():
        await requeue(conn, "orders", "a")
        await eventually(lambda: nothing_parked(conn), 20)
    await conn.execute("insert into outbox_parked select * from before_crash")
    await conn.execute("update outbox_checkpoint set ends = $1::text::jsonb", saved["ends"])
    async with stage.relaying():
        await requeue(conn, "orders", "a")
        await eventually(lambda: nothing_parked(conn), 20)
    assert await ids_of(stage, "a", 20) == list(range(1, 20, 2))


async def test_more_parked_keys_than_an_hour_allows_stop_the_relay(stage: Stage, conn: asyncpg.Connection) -> None:
    stage.limit_topic("orders", LIMIT_BYTES)
    large = b"x" * (LIMIT_BYTES + 1)
    await stage.append(conn, stage.event("a", large), stage.event("b", large), stage.event("fine"))
    async with stage.relaying(parked_keys_per_hour=2):
        await stage.published_rows(conn, 1)
    await stage.append(conn, stage.event("c", large), stage.event("c"))
    with pytest.raises(TooManyParkedError, match="laurel outbox requeue"):
        async with stage.relaying(parked_keys_per_hour=2) as relay:
            await asyncio.wait_for(relay, 20)
    assert {key.key for key in await list_parked(conn)} == {"a", "b"}
    await conn.execute("update outbox_parked set parked_at = parked_at - interval '61 minutes'")
    async with stage.relaying(parked_keys_per_hour=2):
        await eventually(lambda: parks(conn, {"a", "b", "c"}), 20)
    assert [record.key for record in await stage.records(1)] == ["fine"]


async def parks(conn: asyncpg.Connection, keys: set[str]) -> bool:
    return {key.key for key in await list_parked(conn)} == keys

"""Old events go by the partition: never one that is not published, never over an open transaction, in nobody's way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from outbox import ForeignHistoryError, append
from outbox.partitions import BUSY, begin_next_partition, list_partitions
from outbox.retention import list_forgettable, retain
from tests.support.outbox import Stage, staged
from tests.support.waiting import eventually

NOTHING = timedelta(0)
DAY = timedelta(days=1)
TOMORROW = datetime.now(UTC) + DAY


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, 1) as found:
        yield found


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def uncommitted(writer: asyncpg.Connection, stage: Stage) -> AsyncIterator[None]:
    """An event of a transaction that is open as long as the context."""
    async with writer.transaction():
        await append(writer, [stage.event("late")], stage.topics)
        yield


async def publish(stage: Stage, conn: asyncpg.Connection, rows: int, in_all: int) -> None:
    await stage.append(conn, *(stage.event() for _ in range(rows)))
    async with stage.relaying(retention_days=0):
        await stage.published_rows(conn, in_all)


async def go_on_in_the_next_partition(conn: asyncpg.Connection) -> int:
    await age(conn, "3 hours")
    next_id = (await retain(conn, DAY)).next_id
    assert next_id is not None
    return next_id


async def age(conn: asyncpg.Connection, by: str) -> None:
    """Let all events be older than they are."""
    await conn.execute("update outbox set created_at = created_at - $1::text::interval", by)


async def names(conn: asyncpg.Connection) -> list[str]:
    return [partition.name for partition in await list_partitions(conn)]


async def rows_in(conn: asyncpg.Connection) -> int:
    return int(await conn.fetchval("select count(*) from outbox"))


async def test_published_events_go_when_they_are_older_than_the_retention(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await publish(stage, conn, 20, 20)
    next_id = await go_on_in_the_next_partition(conn)
    await publish(stage, conn, 1, 21)
    assert (await retain(conn, DAY)).emptied == [], "they are younger than a day"
    await age(conn, "22 hours")
    assert [(p.name, p.first_id, p.last_id) for p in await list_forgettable(conn, DAY)] == [("outbox_from_0", 1, 20)]
    done = await retain(conn, DAY)
    assert ([partition.name for partition in done.emptied], done.dropped_partitions) == (["outbox_from_0"], 1)
    assert await conn.fetchval("select array_agg(id) from outbox") == [next_id]
    assert "outbox_from_0" not in await names(conn)
    await publish(stage, conn, 3, 24)
    ids = [record.outbox_id for record in await stage.records(24)]
    assert ids[:21] == [*range(1, 21), next_id]
    assert ids[21:] == sorted(ids[21:])
    assert ids[21] > next_id


async def test_what_is_not_published_stays_however_old(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *(stage.event() for _ in range(3)))
    await stage.append(conn, stage.event())
    await go_on_in_the_next_partition(conn)
    await age(conn, "100 days")
    assert (await retain(conn, DAY)).emptied == []
    assert await rows_in(conn) == 4
    await stage.pass_over(conn)
    assert len((await retain(conn, DAY)).emptied) == 1


async def test_nothing_is_forgotten_on_the_word_of_another_history(stage: Stage, conn: asyncpg.Connection) -> None:
    """A restored database: its checkpoint says of transactions that were never published that they were."""
    await stage.pass_over(conn, stage.event())
    await age(conn, "100 days")
    await conn.execute("update outbox_checkpoint set system_identifier = system_identifier + 1")
    for forget in (retain, list_forgettable):
        with pytest.raises(ForeignHistoryError, match="laurel outbox rebase"):
            await forget(conn, DAY)
    assert await rows_in(conn) == 1


async def test_nothing_is_forgotten_where_no_relay_ever_ran(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.append(conn, stage.event())
    await age(conn, "100 days")
    assert (await retain(conn, DAY)).emptied == []


async def test_a_partition_stays_while_a_transaction_that_wrote_to_it_is_open(
    stage: Stage, conn: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Everything that can be seen in the partition is published and old; its one late event cannot be seen yet."""
    async with stage.relaying(retention_days=0):
        await stage.append(conn, *(stage.event() for _ in range(5)))
        async with uncommitted(writer, stage):
            await stage.append(conn, *(stage.event() for _ in range(5)))
            await stage.published_rows(conn, 10)
            await age(conn, "100 days")
            done = await retain(conn, DAY)
            assert done.emptied == []
            assert "emptying outbox_from_0" in done.postponed
            assert await rows_in(conn) == 10
        await stage.published_rows(conn, 11)
    assert "late" in [record.key for record in await stage.records(11)]
    assert (await retain(conn, NOTHING)).emptied != []
    assert await rows_in(conn) == 0


async def test_a_row_that_commits_while_its_partition_is_about_to_go_keeps_it(
    stage: Stage, conn: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """What is seen before the lock is had says nothing: the check comes behind it."""
    await stage.pass_over(conn, *(stage.event() for _ in range(5)))
    await age(conn, "2 days")
    emptying = await asyncpg.connect(stage.dsn, server_settings={"lock_timeout": "30s"})
    async with uncommitted(writer, stage):
        emptied = asyncio.create_task(emptying.fetchval("select outbox_empty_partition('outbox_from_0', now())"))
        await eventually(lambda: waits_for_the_partition(conn))
    assert await emptied is False
    assert await rows_in(conn) == 6
    await emptying.close()


async def test_a_row_that_committed_behind_the_checkpoint_keeps_its_partition(
    stage: Stage, conn: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Its transaction is older than the checkpoint's newest, and was still open when the checkpoint was saved."""
    async with uncommitted(writer, stage):
        await stage.pass_over(conn, *(stage.event() for _ in range(5)))
    await age(conn, "2 days")
    assert (await retain(conn, DAY)).emptied == []
    assert await rows_in(conn) == 6


async def waits_for_the_partition(conn: asyncpg.Connection) -> bool:
    return bool(
        await conn.fetchval(
            "select true from pg_locks where relation = 'outbox_from_0'::regclass and not granted "
            "and database = (select oid from pg_database where datname = current_database())"
        )
    )


async def test_an_open_transaction_keeps_no_partition_that_it_did_not_write_to(
    stage: Stage, conn: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    await stage.pass_over(conn, *(stage.event() for _ in range(5)))
    await go_on_in_the_next_partition(conn)
    await age(conn, "2 days")
    async with uncommitted(writer, stage):
        done = await retain(conn, DAY)
        assert [partition.name for partition in done.emptied] == ["outbox_from_0"]
        assert "dropping empty partitions" in done.postponed
        assert "outbox_from_0" in await names(conn)
    assert (await retain(conn, DAY)).dropped_partitions == 1


async def test_writers_are_held_up_for_a_moment_at_most(
    stage: Stage, conn: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Retention waits for the open transaction, the writer behind retention: it gives up long before their limit."""
    await stage.pass_over(conn, *(stage.event() for _ in range(5)))
    await go_on_in_the_next_partition(conn)
    await age(conn, "2 days")
    other = await asyncpg.connect(stage.dsn, server_settings={"lock_timeout": "2s"})
    async with uncommitted(writer, stage):
        retaining = asyncio.create_task(retain(conn, DAY))
        while not retaining.done():
            await stage.append(other, stage.event("other"))
        assert (await retaining).postponed != []
    await other.close()


async def test_the_default_partition_is_emptied_and_kept(stage: Stage, conn: asyncpg.Connection) -> None:
    await conn.execute("alter table outbox alter id restart with 160000005")
    await stage.pass_over(conn, *(stage.event() for _ in range(5)))
    default = (await list_partitions(conn))[-1]
    assert (default.name, default.from_id, default.first_id) == ("outbox_default", None, 160_000_005)
    await age(conn, "2 days")
    assert [partition.name for partition in (await retain(conn, DAY)).emptied] == ["outbox_default"]
    assert (await names(conn))[-1] == "outbox_default"
    assert await rows_in(conn) == 0


async def test_ids_never_go_back_when_the_next_partition_is_begun(
    stage: Stage, conn: asyncpg.Connection, database_url: str
) -> None:
    async with asyncpg.create_pool(database_url, min_size=4, max_size=4) as pool:

        async def write(count: int) -> list[int]:
            ids: list[int] = []
            for _ in range(count):
                async with pool.acquire() as connection:
                    ids += await stage.append(connection, stage.event())
            return ids

        begun: list[int | None] = []
        await write(1)
        writing = asyncio.gather(*(write(100) for _ in range(4)))
        while not writing.done():
            with contextlib.suppress(BUSY):
                begun.append(await begin_next_partition(conn, TOMORROW))
        written = await writing
    assert any(begun)
    assert all(ids == sorted(ids) for ids in written)
    assert await rows_in(conn) == 401


async def test_an_outbox_with_few_events_still_leaves_its_partitions(stage: Stage, conn: asyncpg.Connection) -> None:
    """One event in three hours, kept for a day: only the ones of the last day remain."""
    for _ in range(15):
        await stage.pass_over(conn, stage.event())
        await age(conn, "3 hours")
        await retain(conn, DAY)
    with_rows = [partition for partition in await list_partitions(conn) if partition.first_id is not None]
    assert len(with_rows) == 7, "of 3 to 21 hours"
    assert await rows_in(conn) == len(with_rows)


async def test_the_leader_does_it_by_itself(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *(stage.event() for _ in range(3)))
    await age(conn, "2 days")
    async with stage.relaying(retention_days=1):
        await eventually(lambda: is_empty(conn))
        await stage.append(conn, stage.event(), stage.event())
        await stage.published_rows(conn, 2)
    assert [record.outbox_id for record in await stage.records(2)] == [4, 5]


async def is_empty(conn: asyncpg.Connection) -> bool:
    return await rows_in(conn) == 0

"""What waits is what a relay would read next, in every state of the checkpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from outbox import append, status
from outbox.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from outbox.leadership import connect
from outbox.log import LogReader, Position
from tests.support.outbox import Stage, staged


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, partitions=1) as found:
        yield found


@pytest.fixture
async def session(stage: Stage) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(stage.settings(leadership_seconds=60))
    yield connection
    await connection.close()


async def would_read(session: asyncpg.Connection, position: Position) -> int:
    """How many rows lie behind a position."""
    page = await LogReader(page_rows=1_000, page_bytes=1 << 20).read(session, position)
    rows = len(page.rows)
    while page.more:
        page = await LogReader(page_rows=1_000, page_bytes=1 << 20).read(session, page.position)
        rows += len(page.rows)
    return rows


async def test_without_a_checkpoint_all_there_is_waits(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.append(conn, *(stage.event() for _ in range(7)))
    assert (await status(conn)).backlog_rows == 7


async def test_what_waits_is_what_would_be_read(
    stage: Stage, pool: asyncpg.Pool, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=4, page_bytes=1 << 20)
    at = (await read_checkpoint(session)).position
    async with pool.acquire() as late, pool.acquire() as later:
        first, second = late.transaction(), later.transaction()
        await first.start()
        await append(late, [stage.event("late") for _ in range(3)], stage.topics)
        await stage.append(conn, *(stage.event() for _ in range(6)))
        await second.start()
        await append(later, [stage.event("later")], stage.topics)
        await stage.append(conn, *(stage.event() for _ in range(5)))
        seen = []
        for step in range(7):
            page = await reader.read(session, at)
            at = page.position
            await save_checkpoint(session, Checkpoint(at), 0.0)
            assert (await status(conn)).backlog_rows == await would_read(session, at), f"step {step}: {at}"
            seen.append(at.cut is not None)
            if step == 1:
                await first.commit()
            if step == 4:
                await second.commit()
    assert True in seen
    assert False in seen
    assert (await status(conn)).backlog_rows == 0
    assert (await status(conn)).oldest_unpublished_age_seconds is None

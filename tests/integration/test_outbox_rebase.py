"""After a restore: nothing that is in Kafka is published again, everything else is, and ids never meet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import asyncpg
import pytest

from outbox import ForeignHistoryError
from outbox.rebase import Rebased, RelayLeadsError, rebase
from tests.support.outbox import Stage, staged

FAR_AHEAD = 1_000_000_000


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix) as found:
        yield found


async def restored(stage: Stage, conn: asyncpg.Connection) -> None:
    """A database as a dump leaves it: twelve events were published; the dump has eight, its checkpoint knows of five.

    The dump is of a server whose transactions are far ahead of this one's. Two events were appended since.
    """
    await stage.append(conn, *(stage.event() for _ in range(5)))
    snapshot = await conn.fetchval("select pg_current_snapshot()::text")
    await stage.append(conn, *(stage.event() for _ in range(3)))
    await stage.append(conn, *(stage.event() for _ in range(4)))
    async with stage.relaying():
        await stage.published_rows(conn, 12)
    ahead = re.sub(r"\d+", lambda number: str(int(number[0]) + FAR_AHEAD), snapshot)
    await conn.execute("delete from outbox where id > 8")
    await conn.execute("update outbox set xid = (xid::text::bigint + $1)::text::xid8", FAR_AHEAD)
    await conn.execute(
        """update outbox_checkpoint set since = $1::text::pg_snapshot, ends = '{}', published_rows = 5,
        system_identifier = system_identifier + 1""",
        ahead,
    )
    await conn.execute("alter table outbox alter id restart with 9")
    await stage.append(conn, *(stage.event("new") for _ in range(2)))


async def test_a_restored_outbox_goes_on_from_what_kafka_has(stage: Stage, conn: asyncpg.Connection) -> None:
    await restored(stage, conn)
    with pytest.raises(ForeignHistoryError, match="laurel outbox rebase"):
        async with stage.relaying() as relay:
            await relay
    before = await conn.fetch("select * from outbox order by id")
    expected = Rebased(doubtful_rows=10, published_rows=8, appended_rows=2)
    assert await rebase(stage.settings(), dry_run=True) == expected
    assert await conn.fetch("select * from outbox order by id") == before
    assert await rebase(stage.settings()) == expected
    async with stage.relaying():
        await stage.published_rows(conn, 7)
        await stage.append(conn, stage.event("later"))
        await stage.published_rows(conn, 8)
    records = await stage.records(15)
    assert [record.outbox_id for record in records if record.key == "k"] == list(range(1, 13))
    assert all(record.outbox_id > 12 for record in records if record.key != "k")
    assert set(Counter(record.headers["ce_id"] for record in records).values()) == {1}


async def test_it_can_be_done_twice_and_does_nothing_the_second_time(stage: Stage, conn: asyncpg.Connection) -> None:
    await restored(stage, conn)
    await rebase(stage.settings())
    async with stage.relaying():
        await stage.published_rows(conn, 7)
    assert (await rebase(stage.settings())).appended_rows == 0
    async with stage.relaying():
        await stage.append(conn, stage.event("later"))
        await stage.published_rows(conn, 8)
    assert len(await stage.records(15)) == 15


async def test_it_is_refused_while_a_relay_leads(stage: Stage, conn: asyncpg.Connection) -> None:
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
        with pytest.raises(RelayLeadsError, match="stop all of them first"):
            await rebase(stage.settings())

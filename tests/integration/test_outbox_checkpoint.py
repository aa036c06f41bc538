"""A relay may be killed right after it saved any of its checkpoints: from each of them the next one repeats nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import asyncpg
import pytest

from outbox import append
from tests.support.outbox import Stage, staged

EARLY_ROWS = 19

REMEMBER_CHECKPOINTS = """
create table checkpoint_saved (n bigint generated always as identity, saved outbox_checkpoint);
create function remember_checkpoint() returns trigger language plpgsql as
  'begin insert into checkpoint_saved (saved) values (new); return new; end';
create trigger remember_checkpoint after update on outbox_checkpoint
  for each row execute function remember_checkpoint();
"""
FORGET_ALL_BUT_THE_FIRST = """
update outbox_checkpoint
set since = '3:3:', until = null, last_id = null, low_id = null, high_id = null, ends = '{}', published_rows = 0
"""
GO_BACK = """
update outbox_checkpoint
set since = (saved).since, until = (saved).until, last_id = (saved).last_id, low_id = (saved).low_id,
  high_id = (saved).high_id, ends = (saved).ends, published_rows = (saved).published_rows
from checkpoint_saved where n = $1
"""


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, partitions=1) as found:
        yield found


async def test_a_late_row_sent_before_rows_found_does_not_move_the_ends_past_them(
    stage: Stage, pool: asyncpg.Pool, conn: asyncpg.Connection
) -> None:
    await _publish_all_but_a_late_row(stage, pool, conn)
    await conn.execute(REMEMBER_CHECKPOINTS)
    async with stage.relaying(page_rows=2, checkpoint_rows=1):
        await stage.published_rows(conn, EARLY_ROWS + 1)
    saved = [row["n"] for row in await conn.fetch("select n from checkpoint_saved order by n")]
    assert len(saved) > 5
    await conn.execute("drop trigger remember_checkpoint on outbox_checkpoint")
    for n in saved:
        await conn.execute(GO_BACK, n)
        async with stage.relaying():
            await stage.published_rows(conn, EARLY_ROWS + 1)
    records = await stage.records(EARLY_ROWS + 1)
    assert Counter(record.outbox_id for record in records) == Counter(range(1, EARLY_ROWS + 2))


async def _publish_all_but_a_late_row(stage: Stage, pool: asyncpg.Pool, conn: asyncpg.Connection) -> None:
    """The row of the lowest id commits after the others were published by a relay that saved no checkpoint."""
    async with pool.acquire() as late, late.transaction():
        await append(late, [stage.event("late")], stage.topics)
        await stage.append(conn, *(stage.event("early") for _ in range(EARLY_ROWS)))
        async with stage.relaying():
            await stage.published_rows(conn, EARLY_ROWS)
    await conn.execute(FORGET_ALL_BUT_THE_FIRST)

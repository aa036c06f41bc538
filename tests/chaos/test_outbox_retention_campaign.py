"""Whatever writers, checkpoints and retention do in whatever order: no event is forgotten before it was published."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest

from outbox import append
from outbox.retention import retain
from tests.support.campaigns import sized, write_report
from tests.support.outbox import Stage, staged

STEPS = sized(150, 5_000)
DAY = timedelta(days=1)
WRITERS = 3


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, 1) as found:
        yield found


@dataclass
class Model:
    """What was committed and published, beside the log that is tried."""

    stage: Stage
    conn: asyncpg.Connection
    writers: list[asyncpg.Connection]
    rng: random.Random
    open_transactions: dict[int, asyncpg.transaction.Transaction] = field(default_factory=dict)
    published: set[int] = field(default_factory=set)
    forgotten: set[int] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    async def write(self) -> None:
        """Append, in a transaction that may stay open for long."""
        number = self.rng.randrange(WRITERS)
        writer = self.writers[number]
        if number not in self.open_transactions:
            self.open_transactions[number] = writer.transaction()
            await self.open_transactions[number].start()
        await append(writer, [self.stage.event() for _ in range(self.rng.randint(1, 3))], self.stage.topics)

    async def end(self) -> None:
        """Commit or roll back one of them."""
        if self.open_transactions:
            number = self.rng.choice(sorted(self.open_transactions))
            transaction = self.open_transactions.pop(number)
            await (transaction.commit() if self.rng.random() < 0.8 else transaction.rollback())

    async def publish(self) -> None:
        """Move the checkpoint over all that can be seen, as a relay does."""
        async with self.conn.transaction(isolation="repeatable_read"):
            self.published |= await self.visible()
            await self.stage.pass_over(self.conn)

    async def age(self, hours: int = 0) -> None:
        """Let time pass."""
        hours = hours or self.rng.choice([1, 5, 30])
        await self.conn.execute("update outbox set created_at = created_at - $1::interval", timedelta(hours=hours))

    async def retain(self) -> None:
        """A round of retention: all that goes was published."""
        before = await self.visible()
        done = await retain(self.conn, DAY)
        gone = before - await self.visible()
        assert gone <= self.published, f"forgotten, though never published: {sorted(gone - self.published)}"
        self.forgotten |= gone
        self.done["postponed"] += bool(done.postponed)
        self.done["next partition"] += done.next_id is not None

    async def visible(self) -> set[int]:
        return {row["id"] for row in await self.conn.fetch("select id from outbox")}


async def test_no_event_is_forgotten_before_it_was_published(
    stage: Stage, conn: asyncpg.Connection, rng: random.Random
) -> None:
    async with AsyncExitStack() as opened:
        writers = [await asyncpg.connect(stage.dsn) for _ in range(WRITERS)]
        for writer in writers:
            opened.push_async_callback(writer.close)
        model = Model(stage, conn, writers, rng)
        steps: list[Callable[[], Awaitable[None]]] = [
            model.write, model.write, model.end, model.end, model.publish, model.age, model.retain
        ]  # fmt: skip
        for _ in range(STEPS):
            step = rng.choice(steps)
            await step()
            model.done[step.__name__] += 1
        while model.open_transactions:
            await model.end()
        await model.publish()
        assert await model.visible() == model.published - model.forgotten
        await model.age(hours=48)
        await model.retain()
    everything = {"steps": dict(model.done), "published": len(model.published), "forgotten": len(model.forgotten)}
    assert model.forgotten == model.published, everything
    write_report("outbox-retention", {**everything, "forgotten_unpublished": 0})

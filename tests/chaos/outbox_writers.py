"""Writers that do all that makes reading a log hard: rollbacks, savepoints kept and undone, transactions that take
their id long before they lock anything, and ones that stay open for long while others commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncpg

from outbox import NewEvent, Topics, append
from tests.chaos.outbox_history import Written
from tests.support.outbox import MOMENT

SHARED_KEYS = 40
DATABASE_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

SCHEMA = """
create table if not exists chaos_counter (key text primary key, number int not null default 0);
insert into chaos_counter (key)
select 'k' || i from generate_series(0, 39) i union all select 'long' || i from generate_series(0, 9) i
on conflict do nothing;
"""


class Rollback(Exception):
    """The writer changed its mind."""


@dataclass(slots=True)
class Writers:
    """Runs writers until told to stop, and remembers all that they appended."""

    dsn: str
    topics: Topics
    seed: int
    pause_seconds: float = 0.0
    written: list[Written] = field(default_factory=list)
    stopped: bool = False

    async def run(self, short: int, long: int) -> None:
        """So many writers of short and of long transactions, until `stopped` is set."""
        async with asyncio.TaskGroup() as group:
            for number in range(short):
                group.create_task(self._forever(random.Random(f"{self.seed}-{number}"), None))
            for number in range(long):
                group.create_task(self._forever(random.Random(f"{self.seed}-long-{number}"), f"long{number}"))

    async def _forever(self, dice: random.Random, key: str | None) -> None:
        while not self.stopped:
            with contextlib.suppress(*DATABASE_AWAY):
                connection = await asyncpg.connect(self.dsn, timeout=5)
                try:
                    while not self.stopped:
                        await (self._short(connection, dice) if key is None else self._long(connection, dice, key))
                finally:
                    connection.terminate()
            await asyncio.sleep(0.05)

    async def _short(self, conn: asyncpg.Connection, dice: random.Random) -> None:
        keys = sorted(f"k{n}" for n in dice.sample(range(SHARED_KEYS), dice.choice([1, 1, 1, 2, 3])))
        with self._remembered() as pending:
            async with conn.transaction():
                if dice.random() < 0.3:
                    await conn.execute("select pg_current_xact_id()")
                    await asyncio.sleep(dice.random() * 0.03)
                for key in keys:
                    await self._append_somehow(conn, dice, key, pending)
                if dice.random() < 0.15:
                    raise Rollback
                if dice.random() < 0.05:
                    await asyncio.sleep(dice.random() * 0.3)
                _ask(pending)
        await asyncio.sleep(dice.random() * self.pause_seconds)

    async def _long(self, conn: asyncpg.Connection, dice: random.Random, key: str) -> None:
        with self._remembered() as pending:
            async with conn.transaction():
                for _ in range(dice.randint(1, 100)):
                    await self._append(conn, key, pending)
                await asyncio.sleep(dice.random() * 2)
                if dice.random() < 0.2:
                    raise Rollback
                _ask(pending)

    async def _append_somehow(
        self, conn: asyncpg.Connection, dice: random.Random, key: str, pending: list[Written]
    ) -> None:
        way = dice.random()
        if way < 0.25:
            async with conn.transaction():
                await self._append(conn, key, pending)
        elif way < 0.45:
            undone: list[Written] = []
            with contextlib.suppress(Rollback):
                async with conn.transaction():
                    await self._append(conn, key, undone)
                    raise Rollback
            self.written += undone
            if dice.random() < 0.5:
                await self._append(conn, key, pending)
        else:
            await self._append(conn, key, pending)

    async def _append(self, conn: asyncpg.Connection, key: str, pending: list[Written]) -> None:
        number = await conn.fetchval(
            "update chaos_counter set number = number + 1 where key = $1 returning number", key
        )
        event = NewEvent(next(iter(self.topics.partitions)), key, b"%d" % number, uuid.uuid4(), MOMENT)
        pending.append(Written(event.event_id, key, number, float("inf")))
        await append(conn, [event], self.topics)

    @contextmanager
    def _remembered(self) -> Iterator[list[Written]]:
        pending: list[Written] = []
        try:
            with contextlib.suppress(Rollback):
                yield pending
        finally:
            self.written += pending


def _ask(pending: list[Written]) -> None:
    """The commit is asked for now."""
    now = time.time()
    pending[:] = [Written(event.event_id, event.key, event.number, now) for event in pending]

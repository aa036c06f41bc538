"""Writers that do all that makes reading a log hard: rollbacks, savepoints kept and undone, transactions that take
their id long before they lock anything, and ones that stay open for long while others commit.

They remember what they know of each event: that its COMMIT was answered, that it was rolled back, or that the answer
was lost with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from outbox import NewEvent, Topics, append
from outbox.database import DATABASE_ERRORS
from tests.chaos.outbox_history import Fate, Written, payload_of
from tests.support.outbox import MOMENT

SHARED_KEYS = 40
LARGE_ONE_IN = 100
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30
AWAY_PAUSE_SECONDS = 0.05

SCHEMA = """
create table if not exists chaos_counter (key text primary key, number int not null default 0);
insert into chaos_counter (key)
select 'k' || i from generate_series(0, 39) i union all select 'long' || i from generate_series(0, 9) i
on conflict do nothing;
"""


class Rollback(Exception):
    """The writer changed its mind."""


@dataclass(frozen=True, slots=True)
class Appended:
    """An event whose fate is not decided yet."""

    event: NewEvent
    number: int
    padding_bytes: int


@dataclass(slots=True)
class Attempt:
    """One transaction of a writer, and what it appended that was not undone by a savepoint."""

    number: int
    appended: list[Appended] = field(default_factory=list)

    def settled(self, fate: Fate, asked_at: float, appended: list[Appended] | None = None) -> list[Written]:
        """What was appended, with what became of it."""
        chosen = self.appended if appended is None else appended
        return [self._written(one, fate, asked_at) for one in chosen]

    def _written(self, one: Appended, fate: Fate, asked_at: float) -> Written:
        event = one.event
        return Written(
            event.event_id, event.topic, event.key, one.number, self.number, fate, asked_at, one.padding_bytes
        )


@dataclass(slots=True)
class Writers:
    """Runs writers until told to stop, and remembers all that they appended."""

    dsn: str
    topics: Topics
    seed: int
    pause_seconds: float = 0.0
    large_bytes: int = 0
    """If there is such a size, one event in LARGE_ONE_IN has it."""
    written: list[Written] = field(default_factory=list)
    stopped: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def fates(self) -> dict[str, int]:
        """How many events were acknowledged, rolled back, or neither as far as their writers know."""
        found = Counter(event.fate for event in self.written)
        return {fate.value: found[fate] for fate in Fate}

    async def run(self, short: int, long: int) -> None:
        """So many writers of short and of long transactions, until `stopped` is set."""
        async with asyncio.TaskGroup() as group:
            for number in range(short):
                group.create_task(self._forever(random.Random(f"{self.seed}-{number}"), None))
            for number in range(long):
                group.create_task(self._forever(random.Random(f"{self.seed}-long-{number}"), f"long{number}"))

    async def _forever(self, dice: random.Random, key: str | None) -> None:
        while not self.stopped:
            with contextlib.suppress(*DATABASE_ERRORS):
                connection = await asyncpg.connect(self.dsn, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
                try:
                    while not self.stopped:
                        await (self._short(connection, dice) if key is None else self._long(connection, dice, key))
                finally:
                    connection.terminate()
            await asyncio.sleep(AWAY_PAUSE_SECONDS)

    async def _short(self, conn: asyncpg.Connection, dice: random.Random) -> None:
        keys = sorted(f"k{n}" for n in dice.sample(range(SHARED_KEYS), dice.choice([1, 1, 1, 2, 3])))
        async with self._attempt(conn) as attempt:
            if dice.random() < 0.3:
                await conn.execute("select pg_current_xact_id()")
                await asyncio.sleep(dice.random() * 0.03)
            for key in keys:
                await self._append_somehow(conn, dice, key, attempt)
            if dice.random() < 0.15:
                raise Rollback
            if dice.random() < 0.05:
                await asyncio.sleep(dice.random() * 0.3)
        await asyncio.sleep(dice.random() * self.pause_seconds)

    async def _long(self, conn: asyncpg.Connection, dice: random.Random, key: str) -> None:
        async with self._attempt(conn) as attempt:
            for _ in range(dice.randint(1, 100)):
                await self._append(conn, dice, key, attempt.appended)
            await asyncio.sleep(dice.random() * 2)
            if dice.random() < 0.2:
                raise Rollback

    @asynccontextmanager
    async def _attempt(self, conn: asyncpg.Connection) -> AsyncIterator[Attempt]:
        """A transaction; whatever happens to it, what its events' fate is as far as a writer can know is kept."""
        attempt = Attempt(next(self._numbers))
        fate, asked_at = Fate.ROLLED_BACK, float("inf")
        transaction = conn.transaction()
        await transaction.start()
        try:
            try:
                yield attempt
            except BaseException:
                await transaction.rollback()
                raise
            fate, asked_at = Fate.UNKNOWN, time.time()
            await transaction.commit()
            fate = Fate.ACKNOWLEDGED
        except Rollback:
            pass
        finally:
            self.written += attempt.settled(fate, asked_at)

    async def _append_somehow(self, conn: asyncpg.Connection, dice: random.Random, key: str, attempt: Attempt) -> None:
        way = dice.random()
        if way < 0.25:
            async with conn.transaction():
                await self._append(conn, dice, key, attempt.appended)
        elif way < 0.45:
            await self._append_and_undo(conn, dice, key, attempt)
            if dice.random() < 0.5:
                await self._append(conn, dice, key, attempt.appended)
        else:
            await self._append(conn, dice, key, attempt.appended)

    async def _append_and_undo(self, conn: asyncpg.Connection, dice: random.Random, key: str, attempt: Attempt) -> None:
        undone: list[Appended] = []
        try:
            async with conn.transaction():
                await self._append(conn, dice, key, undone)
                raise Rollback
        except Rollback:
            pass
        finally:
            self.written += attempt.settled(Fate.ROLLED_BACK, float("inf"), undone)

    async def _append(self, conn: asyncpg.Connection, dice: random.Random, key: str, appended: list[Appended]) -> None:
        number = await conn.fetchval(
            "update chaos_counter set number = number + 1 where key = $1 returning number", key
        )
        topic = dice.choice(list(self.topics.partitions))
        padding_bytes = self.large_bytes if dice.randrange(LARGE_ONE_IN) == 0 else 0
        event = NewEvent(topic, key, payload_of(number, padding_bytes), uuid.uuid4(), MOMENT)
        appended.append(Appended(event, number, padding_bytes))
        await append(conn, [event], self.topics)

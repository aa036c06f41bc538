"""Parked keys: a record that Kafka refuses for good holds back its own key, not the pipeline.

The refused row and all later ones of its key wait in outbox_parked, in order, until an operator has the first of them
tried again or skipped; then they follow. The rows are parked in the leader's session before the checkpoint passes
them: of two commits of one session the earlier is never lost alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from outbox.errors import RelayStopped
from outbox.log import ID, KEY, TOPIC, Row
from outbox.one_by_one import Key
from outbox.statements import load

_SQL = load("parking")


class TooManyParkedError(RelayStopped):
    """Kafka refuses more than a record here and there: something is wrong with all of them."""

    def __init__(self, parked: int, limit: int, next_key: Key) -> None:
        topic, key = next_key
        super().__init__(
            f"{parked} keys were parked within an hour and Kafka refuses more ({topic} {key} is next); {limit} are "
            "allowed. Nothing else is parked or lost. See `laurel outbox parked` for the reasons, mend the cause, "
            "`laurel outbox requeue` the keys, then start the relay; or allow more (LAUREL_PARKED_KEYS_PER_HOUR)",
            parked_keys=parked,
            limit_keys=limit,
        )


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A key that waits: its first row, why that was refused, and how many rows wait in all."""

    topic: str
    key: str
    outbox_id: int
    waiting_rows: int
    parked_at: datetime
    error: str | None
    attempts: int
    requested: Literal["requeue", "skip"] | None


async def list_parked(conn: asyncpg.Connection, limit: int = 100) -> list[ParkedKey]:
    """The parked keys, oldest first."""
    return [ParkedKey(**row) for row in await conn.fetch(_SQL["list_parked"], limit)]


async def find_parked(conn: asyncpg.Connection, topic: str, key: str) -> ParkedKey | None:
    """A parked key; None if it is not parked."""
    row = await conn.fetchrow(_SQL["find_parked"], topic, key)
    return ParkedKey(**row) if row else None


async def requeue(conn: asyncpg.Connection, topic: str, key: str) -> int | None:
    """Have the leader try the key's first row again, then the rest. The row's id; None if the key is not parked."""
    return await _request(conn, topic, key, "requeue")


async def skip(conn: asyncpg.Connection, topic: str, key: str) -> int | None:
    """Have the leader drop the key's first row (it stays in the log), then publish the rest."""
    return await _request(conn, topic, key, "skip")


async def _request(conn: asyncpg.Connection, topic: str, key: str, what: Literal["requeue", "skip"]) -> int | None:
    outbox_id: int | None = await conn.fetchval(_SQL["request"], topic, key, what)
    return outbox_id


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asked for a parked key, and the id of its first row."""

    topic: str
    key: str
    outbox_id: int
    requested: Literal["requeue", "skip"]


@dataclass(slots=True)
class ParkingLot:
    """The leader's view: which keys wait, and how many more may come within an hour."""

    keys: set[Key]
    keys_per_hour: int

    @classmethod
    async def read(cls, conn: asyncpg.Connection, keys_per_hour: int) -> ParkingLot:
        return cls({(row["topic"], row["key"]) for row in await conn.fetch(_SQL["read_parked_keys"])}, keys_per_hour)

    def split(self, rows: Sequence[Row]) -> tuple[Sequence[Row], list[Row]]:
        """The rows that may go, and those whose key waits."""
        if not self.keys:
            return rows, []
        waiting = [row for row in rows if (row[TOPIC], row[KEY]) in self.keys]
        return [row for row in rows if (row[TOPIC], row[KEY]) not in self.keys], waiting

    async def park(self, conn: asyncpg.Connection, rows: Sequence[Row], errors: Sequence[str | None]) -> None:
        """Store rows, each with its error or None if it waits behind another. Raises TooManyParkedError."""
        await self._check_limit(
            conn, {(row[TOPIC], row[KEY]) for row, error in zip(rows, errors, strict=True) if error}
        )
        await conn.execute(_SQL["park"], [row[ID] for row in rows], errors)
        self.keys |= {(row[TOPIC], row[KEY]) for row in rows}

    async def _check_limit(self, conn: asyncpg.Connection, new: set[Key]) -> None:
        if not new:
            return
        parked: int = await conn.fetchval(_SQL["count_parked_lately"])
        if parked + len(new) > self.keys_per_hour:
            raise TooManyParkedError(parked, self.keys_per_hour, min(new))

    async def next_request(self, conn: asyncpg.Connection) -> Request | None:
        """What an operator asked for, if anything: the oldest first."""
        if not self.keys:
            return None
        row = await conn.fetchrow(_SQL["read_request"])
        return Request(**row) if row else None

    async def rows_of(self, conn: asyncpg.Connection, key: Key, limit: int) -> Sequence[Row]:
        """The key's first rows, in order, as the log has them."""
        rows: Sequence[Row] = await conn.fetch(_SQL["read_parked"], *key, limit)
        return rows

    async def forget(self, conn: asyncpg.Connection, ids: Sequence[int]) -> None:
        """These rows were published, or are not to be."""
        await conn.execute(_SQL["delete_parked"], ids)

    async def refuse_again(self, conn: asyncpg.Connection, outbox_id: int, error: str) -> None:
        """The row was tried and refused: it waits for the operator again."""
        await conn.execute(_SQL["refuse_again"], outbox_id, error)

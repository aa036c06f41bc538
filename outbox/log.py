"""Reading the log: every committed row once, in an order that keeps the order of each key.

A *cut* is what became visible between two snapshots: the rows of transactions that began after the first (xid at or
above its xmax) and of those that were in progress in it, as far as they are visible in the second. Cuts follow each
other without gap or overlap, whatever the order of commits: a late commit is in the cut in which it becomes visible,
and delays nobody else's. Within a cut rows go by id, which is commit order for one key (see outbox.append).

A cut no larger than a page is read by one statement. A larger one, after an outage say, is read page by page: its
second snapshot is kept, in the checkpoint too, so that a new relay goes on in the middle of it.

Adding up the sizes of payloads costs PostgreSQL a quarter of a page, so they are not while each is so short that a page
of them cannot pass page_bytes: one that is longer stays behind, the page ends before it, and the next pages are read by
their bytes until all payloads are short again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from outbox.statements import load

Row = Sequence[Any]
"""id, topic, key, payload, event id, source, time, traceparent.

The time is PostgreSQL's text in UTC. A row of a small cut has two more columns: the snapshot that closes the cut, and
the last id that was given out.
"""

ID, TOPIC, KEY, PAYLOAD, EVENT_ID, SOURCE, OCCURRED_AT, TRACEPARENT, SNAPSHOT, LAST_ID = range(10)

LOOK_AHEAD_IDS = 100_000
"""So far beyond the last id given out a poll looks; further partitions are not touched."""

LONGEST = 2**31 - 1
"""Bytes: more than a value of PostgreSQL can have."""

_SQL = load("log")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pg_snapshot: transactions below xmax that are not in progress have ended."""

    text: str
    xmax: int
    in_progress: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        _, xmax, in_progress = text.split(":")
        return cls(text, int(xmax), tuple(int(xid) for xid in in_progress.split(",") if xid))


BEGINNING = Snapshot.parse("3:3:")
"""Before the first transaction that a database can have."""


@dataclass(frozen=True, slots=True)
class OpenCut:
    """A big cut that is read up to last_id. Its new transactions' ids lie between low_id and high_id."""

    until: Snapshot
    last_id: int
    low_id: int
    high_id: int


@dataclass(frozen=True, slots=True)
class Position:
    """All that is visible in `since` was read, and of the open cut behind it what lies up to its last id."""

    since: Snapshot
    cut: OpenCut | None = None


START = Position(BEGINNING)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the position after them. `more` says that further rows may be there already."""

    rows: Sequence[Row]
    position: Position
    more: bool


@dataclass(slots=True)
class LogReader:
    """Reads pages of at most page_rows rows and, but for the last of them, page_bytes of payload."""

    page_rows: int
    page_bytes: int
    _highest_id: int = LOOK_AHEAD_IDS
    _all_short: bool = True

    async def read(self, conn: asyncpg.Connection, position: Position) -> Page:
        """The page after `position`, perhaps an empty one."""
        if position.cut is None:
            return await self._read_small_cut(conn, position.since)
        return await self._read_page(conn, position.since, position.cut)

    async def _read_small_cut(self, conn: asyncpg.Connection, since: Snapshot) -> Page:
        limit = self.page_rows + 1
        rows = await self._fetch_small_cut(conn, since, limit)
        until = Snapshot.parse(rows[0][SNAPSHOT])
        if rows[0][ID] is None:
            return Page((), Position(until), more=False)
        if len(rows) < limit and not self._full_of_bytes(rows):
            return Page(rows, Position(until), more=False)
        return await self._read_page(conn, since, await self._open_cut(conn, since, until))

    async def _fetch_small_cut(self, conn: asyncpg.Connection, since: Snapshot, limit: int) -> Sequence[Row]:
        # The last id given out is read after the snapshot was taken: what the snapshot shows has no higher id.
        while True:
            arguments = since.xmax, since.in_progress, limit, self.page_bytes, self._highest_id
            rows: Sequence[Row] = await conn.fetch(_SQL["read_small_cut"], *arguments)
            if rows[0][LAST_ID] <= self._highest_id:
                return rows
            self._highest_id = rows[0][LAST_ID] + LOOK_AHEAD_IDS

    async def _open_cut(self, conn: asyncpg.Connection, since: Snapshot, until: Snapshot) -> OpenCut:
        low_id, high_id = await conn.fetchrow(_SQL["read_bounds"], since.xmax, until.xmax)
        return OpenCut(until, last_id=-1, low_id=low_id or 0, high_id=high_id or -1)

    async def _read_page(self, conn: asyncpg.Connection, since: Snapshot, cut: OpenCut) -> Page:
        rows, last = await self._fetch_page(conn, since, cut)
        if last:
            return Page(rows, Position(cut.until), more=True)
        return Page(rows, Position(since, OpenCut(cut.until, rows[-1][ID], cut.low_id, cut.high_id)), more=True)

    async def _fetch_page(self, conn: asyncpg.Connection, since: Snapshot, cut: OpenCut) -> tuple[Sequence[Row], bool]:
        """The next rows of a cut, and whether they are its last."""
        low_id, short = max(cut.last_id, cut.low_id - 1), self.page_bytes // self.page_rows
        arguments = since.xmax, since.in_progress, cut.until.text, low_id, cut.high_id, cut.last_id, self.page_rows
        if self._all_short:
            rows: Sequence[Row] = await conn.fetch(_SQL["read_page"], *arguments, short)
            payloads = [row[PAYLOAD] for row in rows]
            if None not in payloads:
                return rows, len(rows) < self.page_rows
            self._all_short = False
            if before := payloads.index(None):
                return rows[:before], False
        rows = await conn.fetch(_SQL["read_page_by_bytes"], *arguments, LONGEST, self.page_bytes)
        self._all_short = all(len(row[PAYLOAD]) <= short for row in rows)
        return rows, len(rows) < self.page_rows and not self._full_of_bytes(rows)

    def _full_of_bytes(self, rows: Sequence[Row]) -> bool:
        return payload_bytes(rows) >= self.page_bytes


def payload_bytes(rows: Sequence[Row]) -> int:
    """What the rows' payloads take."""
    return sum(len(row[PAYLOAD]) for row in rows)


async def ids_without_row(conn: asyncpg.Connection, ids: Collection[int]) -> list[int]:
    """Those of the ids that are not in the log, in order."""
    return [row["id"] for row in await conn.fetch(_SQL["read_ids_without_row"], list(ids))]

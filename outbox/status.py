"""What an operator sees of an outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from outbox.statements import load

BACKLOG_LIMIT_ROWS = 100_000

_SQL = load("status")


@dataclass(frozen=True, slots=True)
class Leader:
    """The relay that publishes now: its application name, PostgreSQL backend and when that session began."""

    application: str
    pid: int
    since: datetime


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """The state by the last checkpoint, which is at most a moment old while a relay runs.

    backlog_rows counts to BACKLOG_LIMIT_ROWS; oldest_unpublished_age_seconds is None when nothing waits. checkpoint_at
    is None when no relay ever ran. replayed_rows are the events that were published again on an operator's word;
    log_bytes is the size of the log with its indexes.
    """

    backlog_rows: int
    oldest_unpublished_age_seconds: float | None
    published_rows: int
    rows_per_second: float
    checkpoint_at: datetime | None
    checkpoint_age_seconds: float | None
    leader: Leader | None
    parked_keys: int
    parked_rows: int
    replayed_rows: int
    log_bytes: int


async def status(conn: asyncpg.Connection) -> OutboxStatus:
    """Read the state; cheap enough for every few seconds."""
    found = await conn.fetchrow(_SQL["read_status"], BACKLOG_LIMIT_ROWS)
    leader = await conn.fetchrow(_SQL["read_leader"])
    return OutboxStatus(
        backlog_rows=min(found["backlog_rows"], BACKLOG_LIMIT_ROWS),
        oldest_unpublished_age_seconds=found["oldest_unpublished_age_seconds"],
        published_rows=found["published_rows"] or 0,
        rows_per_second=found["rows_per_second"] or 0.0,
        checkpoint_at=found["checkpoint_at"],
        checkpoint_age_seconds=found["checkpoint_age_seconds"],
        leader=Leader(**leader) if leader else None,
        parked_keys=found["parked_keys"],
        parked_rows=found["parked_rows"],
        replayed_rows=found["replayed_rows"],
        log_bytes=found["log_bytes"],
    )

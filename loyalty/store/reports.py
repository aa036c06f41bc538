"""What reports read: sums by day, and what waits."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.pipeline import DeadLetter, DeadLetterCounts, DeadLetterFilter
from schemas.admin.reports import PointsMoved, RedemptionOutcome

PENDING_LIMIT = 10_000
LAST_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From starts_at (included) to ends_at (excluded), cut into days of `time_zone`."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str

    def parameters(self) -> dict[str, object]:
        return {"starts_at": self.starts_at, "ends_at": self.ends_at, "time_zone": self.time_zone}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What members hold in all accounts, and how many members there are."""

    points: int
    members: int


@dataclass(frozen=True, slots=True)
class MembersActive:
    """How many members did something: by day, in a range of days, and in the days before it."""

    by_day: dict[date, int]
    in_range: int
    before: int


async def read_one_snapshot(conn: Connection) -> None:
    """Everything this transaction reads is of one moment. Call it first in the transaction."""
    await queries.read_one_snapshot(conn)


async def holdings_now(conn: Connection) -> Holdings:
    return Holdings(**await queries.holdings_now(conn))


async def points_moved_by_day(conn: Connection, span: Span) -> dict[date, PointsMoved]:
    """Days on which nothing moved are left out."""
    rows = queries.points_moved_by_day(conn, **span.parameters())
    return {row["day"]: PointsMoved.model_validate(dict(row)) async for row in rows}


async def points_moved_since(conn: Connection, since: datetime) -> int:
    """By how much members' points have changed in all."""
    moved: int = await queries.points_moved_since(conn, since=since)
    return moved


async def transactions_by_day(conn: Connection, span: Span) -> dict[date, int]:
    return await _counts(queries.transactions_by_day(conn, **span.parameters()))


async def members_joined_by_day(conn: Connection, span: Span) -> dict[date, int]:
    return await _counts(queries.members_joined_by_day(conn, **span.parameters()))


async def members_active(conn: Connection, span: Span, first_day: date) -> MembersActive:
    """Members who did something, each once in a day and once in a range."""
    rows = queries.members_active(conn, first_day=first_day, **span.parameters())
    found = {(row["is_wanted"], row["day"]): row["count"] for row in await fetch_all(rows)}
    by_day = {day: count for (_, day), count in found.items() if day is not None}
    return MembersActive(by_day, in_range=found.get((True, None), 0), before=found.get((False, None), 0))


async def redemptions_completed_by_day(conn: Connection, span: Span) -> dict[date, int]:
    return await _counts(queries.redemptions_completed_by_day(conn, **span.parameters()))


async def redemptions_by_outcome(conn: Connection, span: Span) -> list[RedemptionOutcome]:
    """The most frequent first."""
    rows = queries.redemptions_by_outcome(conn, starts_at=span.starts_at, ends_at=span.ends_at)
    return [RedemptionOutcome.model_validate(dict(row)) async for row in rows]


async def pending_redemptions(conn: Connection) -> int:
    """Redemptions that are not decided yet, counted up to PENDING_LIMIT."""
    count: int = await queries.pending_redemptions(conn, limit=PENDING_LIMIT)
    return count


async def count_dead_letters(conn: Connection, now: datetime) -> DeadLetterCounts:
    return DeadLetterCounts.model_validate(dict(await queries.count_dead_letters(conn, since=now - LAST_HOUR)))


async def list_dead_letters(
    conn: Connection, wanted: DeadLetterFilter, before: UUID | None, limit: int
) -> list[DeadLetter]:
    is_open = None if wanted.status is None else wanted.status == "open"
    rows = queries.list_admin_dead_letters(conn, open=is_open, topic=wanted.topic, before_id=before, limit=limit)
    return [_dead_letter(row) async for row in rows]


async def get_dead_letter(conn: Connection, dead_letter_id: UUID) -> DeadLetter:
    """Raises NotFound."""
    row = await queries.admin_dead_letter_by_id(conn, dead_letter_id=dead_letter_id)
    if row is None:
        raise NotFound("There is no such dead letter.")
    return _dead_letter(row)


async def _counts(rows: AsyncIterator[Any]) -> dict[date, int]:
    return {row["day"]: row["count"] async for row in rows}


def _dead_letter(row: Any) -> DeadLetter:
    return DeadLetter.model_validate({**row, "key": _text(row["key"]), "payload": _text(row["payload"])})


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")

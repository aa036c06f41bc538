"""Awards of custom events that are taken back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class EventAward:
    """What a custom event was awarded and why; entry_id is None for 0 points."""

    event_id: UUID
    event_type: str
    member_id: UUID
    points: int
    receipt: Mapping[str, Any]
    entry_id: int | None


class EventReversal(NamedTuple):
    """What was taken back of an award; entry_id is None when that is nothing."""

    reversal_id: UUID
    event_id: UUID
    member_id: UUID
    points_due: int
    points_reversed: int
    points_owed: int
    points_lapsed: int
    entry_id: int | None
    wallet_version: int


async def list_awards(conn: Connection, event_ids: Collection[UUID]) -> list[EventAward]:
    """In the order in which they were awarded."""
    rows = await fetch_all(queries.event_awards_of(conn, event_ids=list(event_ids)))
    return [EventAward(**row) for row in rows]


async def save_reversals(conn: Connection, reversals: Sequence[EventReversal], reversed_at: datetime) -> None:
    """Writes what was taken back, whatever its number, in one statement. Hold the wallets' locks."""
    await queries.insert_event_reversals(
        conn,
        reversed_at=reversed_at,
        reversal_ids=[r.reversal_id for r in reversals],
        event_ids=[r.event_id for r in reversals],
        member_ids=[r.member_id for r in reversals],
        points_dues=[r.points_due for r in reversals],
        points_reverseds=[r.points_reversed for r in reversals],
        points_oweds=[r.points_owed for r in reversals],
        points_lapseds=[r.points_lapsed for r in reversals],
        entry_ids=[r.entry_id for r in reversals],
        wallet_versions=[r.wallet_version for r in reversals],
    )

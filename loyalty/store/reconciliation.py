"""What the reconciler looks for: purchases and custom events without an award, redemptions without a decision."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from loyalty.store.custom_events import StoredEvent
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from loyalty.store.transactions import StoredTransaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UndecidedRedemption:
    """A redemption that has waited too long."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    points_cost: int
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Trail(Generic[T]):
    """Rows whose ids rise with time, and a mark: every row up to it is awarded or set aside."""

    make: Callable[..., T]
    mark_query: Any
    save_query: Any
    reopen_query: Any
    page_query: Any
    unawarded_query: Any

    async def mark(self, conn: Connection) -> UUID:
        """Every row up to this id is awarded or set aside."""
        upto_id: UUID = await self.mark_query(conn)
        return upto_id

    async def save_mark(self, conn: Connection, upto_id: UUID) -> None:
        """Moves the mark forward, never back."""
        await self.save_query(conn, upto_id=upto_id)

    async def reopen_from(self, conn: Connection, row_id: UUID) -> None:
        """Moves the mark back to before this row, if it is past it."""
        await self.reopen_query(conn, upto_id=UUID(int=row_id.int - 1))

    async def end_of_page(self, conn: Connection, after: UUID, upto: UUID, page_rows: int) -> UUID | None:
        """The last id of a full page of rows in (after, upto]; None when there is no full page."""
        last: UUID | None = await self.page_query(conn, after_id=after, upto_id=upto, page_rows=page_rows)
        return last

    async def list_unawarded(self, conn: Connection, consumer: str, after: UUID, upto: UUID, limit: int) -> list[T]:
        """The rows in (after, upto] that have no award and were not set aside, in id order."""
        rows = self.unawarded_query(conn, consumer=consumer, after_id=after, upto_id=upto, row_limit=limit)
        return [self.make(**row) for row in await fetch_all(rows)]


PURCHASES = Trail(
    StoredTransaction,
    queries.reconciled_up_to,
    queries.save_reconciled_up_to,
    queries.reopen_from,
    queries.last_transaction_of_page,
    queries.list_unawarded_transactions,
)
CUSTOM_EVENTS = Trail(
    StoredEvent,
    queries.reconciled_events_up_to,
    queries.save_reconciled_events_up_to,
    queries.reopen_events_from,
    queries.last_event_of_page,
    queries.list_unawarded_events,
)


async def list_undecided(
    conn: Connection, consumer: str, requested_before: datetime, limit: int
) -> list[UndecidedRedemption]:
    """The redemptions that have waited since before then and were not set aside, the oldest first."""
    rows = queries.list_undecided_redemptions(
        conn, consumer=consumer, requested_before=requested_before, row_limit=limit
    )
    return [UndecidedRedemption(**row) for row in await fetch_all(rows)]


async def claim_reappends(
    conn: Connection, topic: str, event_ids: Collection[UUID], at: datetime, pause: timedelta
) -> set[UUID]:
    """Those of the events that may be appended again now. The pause before the next time doubles, to 1,024 times."""
    rows = queries.claim_reappends(conn, topic=topic, event_ids=list(event_ids), at=at, pause=pause)
    return {row["event_id"] for row in await fetch_all(rows)}


async def forget_reappends(conn: Connection, before: datetime) -> None:
    """Drops what is remembered of events that were last appended again before then."""
    await queries.forget_reappends(conn, before=before)


async def try_to_lead(conn: Connection) -> bool:
    """Whether this session is the one that reconciles; then it is until it ends or is released to its pool."""
    return await queries.try_to_lead_reconciling(conn) is True

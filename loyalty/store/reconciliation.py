"""What the reconciler looks for: transactions without an award and redemptions without a decision."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from loyalty.store.transactions import StoredTransaction


@dataclass(frozen=True, slots=True)
class UndecidedRedemption:
    """A redemption that has waited too long."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    points_cost: int
    requested_at: datetime


async def reconciled_up_to(conn: Connection) -> UUID:
    """Every transaction up to this id is awarded or set aside."""
    transaction_id: UUID = await queries.reconciled_up_to(conn)
    return transaction_id


async def save_reconciled_up_to(conn: Connection, transaction_id: UUID) -> None:
    """Moves the mark forward, never back."""
    await queries.save_reconciled_up_to(conn, transaction_id=transaction_id)


async def reopen_from(conn: Connection, transaction_id: UUID) -> None:
    """Moves the mark back to before this transaction, if it is past it."""
    await queries.reopen_from(conn, transaction_id=UUID(int=transaction_id.int - 1))


async def end_of_page(conn: Connection, after: UUID, upto: UUID, page_rows: int) -> UUID | None:
    """The last id of a full page of transactions in (after, upto]; None when there is no full page."""
    last: UUID | None = await queries.last_transaction_of_page(conn, after_id=after, upto_id=upto, page_rows=page_rows)
    return last


async def list_unawarded(
    conn: Connection, consumer: str, after: UUID, upto: UUID, limit: int
) -> list[StoredTransaction]:
    """The transactions in (after, upto] that have no award and were not set aside, in id order."""
    rows = queries.list_unawarded_transactions(conn, consumer=consumer, after_id=after, upto_id=upto, row_limit=limit)
    return [StoredTransaction(**row) for row in await fetch_all(rows)]


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

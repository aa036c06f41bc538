"""The inbox: each consumer lets every event through once. Claiming is the first statement of its transaction."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


async def claim_transactions(conn: Connection, consumer: str, event_ids: Collection[UUID]) -> set[UUID]:
    """The events to handle now: never claimed before, and their transactions have no award."""
    rows = queries.claim_transaction_events(conn, consumer=consumer, event_ids=list(set(event_ids)))
    return {row["event_id"] for row in await fetch_all(rows)}


async def claim_redemptions(conn: Connection, consumer: str, event_ids: Collection[UUID]) -> set[UUID]:
    """The events to handle now: never claimed before, and their redemptions are not decided."""
    rows = queries.claim_redemption_events(conn, consumer=consumer, event_ids=list(set(event_ids)))
    return {row["event_id"] for row in await fetch_all(rows)}


async def claim(conn: Connection, consumer: str, event_id: UUID) -> bool:
    """Whether the event is to be handled now."""
    return await queries.claim_event(conn, consumer=consumer, event_id=event_id) is True


async def forget(conn: Connection, consumer: str, event_id: UUID) -> None:
    """Lets an event be handled again."""
    await queries.forget_event(conn, consumer=consumer, event_id=event_id)


async def forget_old(conn: Connection, consumer: str, before: datetime, before_id: UUID, row_limit: int) -> int:
    """Forgets events that were claimed before a moment, `row_limit` at the most; how many."""
    tag: str = await queries.forget_old_events(
        conn, consumer=consumer, before=before, before_id=before_id, row_limit=row_limit
    )
    return int(tag.removeprefix("DELETE "))

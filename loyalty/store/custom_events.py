"""Types of custom events, the events, and what they earned."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.domain.purchase import Purchase
from loyalty.domain.rules.conditions import happening
from loyalty.store.awards import NewAward
from loyalty.store.columns import numbers, numbers_or_null
from loyalty.store.database import Connection, Record
from loyalty.store.history import CountedRefund, with_refunds
from loyalty.store.queries import fetch_all, queries
from schemas.admin.custom_events import EventType

PAGE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What a member did, as it was recorded; points_awarded is None until the worker has seen it."""

    event_id: UUID
    member_id: UUID
    merchant_id: UUID
    event_type: str
    external_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    fields: Mapping[str, Any]
    content_hash: bytes
    points_awarded: int | None = None


async def insert_type(conn: Connection, event_type: EventType) -> bool:
    """False when there is a type of this code."""
    written = event_type.model_dump(mode="json")
    made = await queries.insert_event_type(
        conn,
        code=event_type.code,
        name=event_type.name,
        fields=written["fields"],
        created_at=event_type.created_at,
    )
    return bool(made)


async def find_type(conn: Connection, code: str) -> EventType | None:
    row = await queries.event_type_by_code(conn, code=code)
    return row and EventType.model_validate(dict(row))


async def list_types(conn: Connection) -> list[EventType]:
    """By their codes."""
    return [EventType.model_validate(dict(row)) async for row in queries.list_event_types(conn)]


async def insert(conn: Connection, event: StoredEvent) -> bool:
    """False when the merchant's external id was recorded before. Hold the wallet's lock."""
    made = await queries.insert_member_event(
        conn,
        event_id=event.event_id,
        member_id=event.member_id,
        merchant_id=event.merchant_id,
        event_type=event.event_type,
        external_id=event.external_id,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        fields=event.fields,
        content_hash=event.content_hash,
    )
    return bool(made)


async def get_by_external_id(conn: Connection, merchant_id: UUID, external_id: str) -> StoredEvent:
    return StoredEvent(**await queries.find_member_event(conn, merchant_id=merchant_id, external_id=external_id))


async def claim(conn: Connection, consumer: str, event_ids: Collection[UUID]) -> set[UUID]:
    """The events to handle now: never claimed before, and without an award."""
    rows = queries.claim_member_events(conn, consumer=consumer, event_ids=list(set(event_ids)))
    return {row["event_id"] for row in await fetch_all(rows)}


async def insert_awards(conn: Connection, awards: Sequence[NewAward], awarded_at: datetime) -> None:
    """Stores the awards of events, whatever their number, in one statement."""
    await queries.insert_event_awards(
        conn,
        awarded_at=awarded_at,
        event_ids=[a.transaction_id for a in awards],
        member_ids=[a.member_id for a in awards],
        points=numbers([a.points for a in awards]),
        entry_ids=numbers_or_null([a.entry_id for a in awards]),
        ruleset_versions=numbers([a.ruleset_version for a in awards]),
        receipts=[a.receipt for a in awards],
        wallet_versions=numbers([a.wallet_version for a in awards]),
    )


def happening_of(row: Record, currency: str) -> Purchase:
    """The event of a row of `read_awards`, as the rules look at it: nothing was bought."""
    return happening(row["merchant_id"], row["occurred_at"], currency, row["event_type"], row["fields"])


async def read_awards(
    conn: Connection, from_time: datetime | None = None, to_time: datetime | None = None
) -> AsyncIterator[list[Record | CountedRefund]]:
    """Pages of awards of events, in order, with what was taken back of them between. Read them in one transaction that
    is repeatable."""
    after_seq = 0
    while rows := await fetch_all(
        queries.awarded_events(conn, after_seq=after_seq, from_time=from_time, to_time=to_time, row_limit=PAGE_ROWS)
    ):
        upto_seq = rows[-1]["seq"]
        taken_back = await fetch_all(queries.counted_event_reversals(conn, after_seq=after_seq, upto_seq=upto_seq))
        yield with_refunds(rows, taken_back)
        after_seq = upto_seq

"""Dead letters: events that a consumer could not handle, kept as they came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import queries

Resolution = Literal["requeued", "skipped"]


@dataclass(frozen=True, slots=True)
class NewDeadLetter:
    """`topic` is the event's plain topic, without the prefix of a shared broker."""

    consumer: str
    event_id: UUID
    topic: str
    partition: int
    record_offset: int
    key: bytes | None
    headers: dict[str, str]
    payload: bytes | None
    error_kind: str
    error: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter as far as resolving it needs it."""

    id: UUID
    consumer: str
    event_id: UUID
    topic: str
    key: bytes | None
    headers: dict[str, str]
    payload: bytes | None
    resolved_at: datetime | None


async def insert(conn: Connection, letter_id: UUID, letter: NewDeadLetter, created_at: datetime) -> None:
    """Keeps the event; a record that is there already is left as it is."""
    await queries.insert_dead_letter(
        conn,
        id=letter_id,
        consumer=letter.consumer,
        event_id=letter.event_id,
        topic=letter.topic,
        partition=letter.partition,
        record_offset=letter.record_offset,
        key=letter.key,
        headers=letter.headers,
        payload=letter.payload,
        error_kind=letter.error_kind,
        error=letter.error,
        created_at=created_at,
    )


async def count_open_since(conn: Connection, since_id: UUID) -> int:
    """Unresolved dead letters whose id is `since_id` or later."""
    count: int = await queries.count_open_dead_letters(conn, since_id=since_id)
    return count


async def lock(conn: Connection, letter_id: UUID) -> DeadLetter | None:
    """The dead letter, locked until the transaction ends."""
    row = await queries.lock_dead_letter(conn, id=letter_id)
    return DeadLetter(**row) if row else None


async def resolve(conn: Connection, letter_id: UUID, resolution: Resolution, resolved_at: datetime) -> None:
    """Writes down what was done about it."""
    await queries.resolve_dead_letter(conn, id=letter_id, resolution=resolution, resolved_at=resolved_at)

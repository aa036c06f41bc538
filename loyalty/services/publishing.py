"""Events leave through the outbox, in the transaction that makes them true.

Publish last, after the transaction has locked what the key names (the member's wallet): see outbox.append.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from loyalty.store.database import Connection
from outbox import NewEvent, Topics, append
from schemas.events import EVENTS

TOPICS = Topics.of(EVENTS)
"""Laurel's topics by their plain names, for checking what is appended."""

SOURCE = "/laurel"
_TOPIC_OF = {model: topic for topic, model in EVENTS.items()}


def outgoing(
    event: BaseModel, *, key: UUID, event_id: UUID, occurred_at: datetime, traceparent: str | None = None
) -> NewEvent:
    """A model of schemas.events as a row of the outbox; its topic follows from its type."""
    return NewEvent(
        topic=_TOPIC_OF[type(event)],
        key=str(key),
        payload=event.model_dump_json().encode(),
        event_id=event_id,
        occurred_at=occurred_at,
        source=SOURCE,
        traceparent=traceparent,
    )


async def publish(conn: Connection, *events: NewEvent) -> None:
    """Stores the events in the caller's transaction, in this order. Raises what outbox.append raises."""
    await append(conn, events, TOPICS)

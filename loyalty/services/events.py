"""Events on their way out: a service emits them as the last thing it does, with the wallets' locks still held.

That order makes the outbox's order of ids the order of the commits for one member.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from pydantic import BaseModel

from loyalty.store.database import Connection
from outbox import NewEvent, Topics, append
from schemas.events import EVENTS, Event, RuleActivated

TOPICS = Topics.of(EVENTS)
"""What may be emitted: the topics of the contract. The prefix of a shared broker is the relay's business."""

_TOPIC_OF: dict[type[BaseModel], str] = {model: topic for topic, model in EVENTS.items()}


def outgoing(
    event: Event | RuleActivated, *, event_id: UUID, occurred_at: datetime, traceparent: str | None = None
) -> NewEvent:
    """The event as it goes into the outbox: to the topic of its type, keyed by its member (or rule)."""
    key = event.rule_id if isinstance(event, RuleActivated) else event.member_id
    return NewEvent(
        topic=_TOPIC_OF[type(event)],
        key=str(key),
        payload=event.model_dump_json().encode(),
        event_id=event_id,
        occurred_at=occurred_at,
        traceparent=traceparent,
    )


def outgoing_json(
    topic: str, member_id: UUID, body: Mapping[str, object], *, event_id: UUID, at: datetime, traceparent: str | None
) -> NewEvent:
    """An event whose body is built by hand, for what is made thousands of times a second.

    A test compares what comes out with the topic's model, byte by byte.
    """
    payload = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)
    return NewEvent(topic, str(member_id), payload, event_id, at, traceparent=traceparent)


async def emit(conn: Connection, events: Sequence[NewEvent]) -> None:
    """Appends the events to the outbox in this order, in the caller's transaction. Call it last."""
    await append(conn, events, TOPICS)

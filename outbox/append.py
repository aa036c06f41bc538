"""Appending: the events are stored if and only if the caller's transaction commits.

Call it last, after the transaction has locked what the key names (the member's row): only then is the order of the
ids the order of the commits for one key, and so the order in Kafka.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from outbox.errors import OutsideTransactionError
from outbox.events import NewEvent, Topics
from outbox.statements import load

_SQL = load("append")


async def append(conn: asyncpg.Connection, events: Sequence[NewEvent], topics: Topics) -> None:
    """Store the events, in this order, in the caller's transaction: one statement, however many.

    Raises OutsideTransactionError or an InvalidEventError (UnknownTopicError, InvalidKeyError, InvalidAttributeError,
    UnserialisedPayloadError, EventTooLargeError) before anything is stored: the transaction is still good.
    """
    if not conn.is_in_transaction():
        raise OutsideTransactionError
    for event in events:
        topics.check(event)
    if len(events) == 1:
        await conn.execute(_SQL["insert_event"], *_row(events[0]))
    elif events:
        await conn.execute(_SQL["insert_events"], *map(list, zip(*map(_row, events), strict=True)))


def _row(event: NewEvent) -> tuple[object, ...]:
    attributes = event.event_id, event.topic, event.key, event.payload
    return *attributes, event.source, event.occurred_at, event.traceparent

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

_INSERT_EVENTS = load("append")["insert_events"]


async def append(conn: asyncpg.Connection, events: Sequence[NewEvent], topics: Topics) -> None:
    """Store the events, in this order, in the caller's transaction: one statement, however many.

    Raises OutsideTransactionError or an InvalidEventError (UnknownTopicError, InvalidKeyError, InvalidAttributeError,
    UnserialisedPayloadError, EventTooLargeError) before anything is stored: the transaction is still good.
    """
    if not conn.is_in_transaction():
        raise OutsideTransactionError
    for event in events:
        topics.check(event)
    if events:
        await conn.execute(_INSERT_EVENTS, *_columns(events))


def _columns(events: Sequence[NewEvent]) -> tuple[list[object], ...]:
    return (
        [event.event_id for event in events],
        [event.topic for event in events],
        [event.key for event in events],
        [event.payload for event in events],
        [event.source for event in events],
        [event.occurred_at for event in events],
        [event.traceparent for event in events],
    )

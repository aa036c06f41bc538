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
        await conn.execute(_SQL["insert_event"], *_values(events[0]))
    elif events:
        await conn.execute(_SQL["insert_events"], *_columns(events))


def insert_values(event: NewEvent, topics: Topics) -> tuple[object, ...]:
    """What a statement of the caller's own inserts into `outbox`: event_id, topic, key, payload, source, occurred_at,
    traceparent. Raises InvalidEventError as `append` does.

    For the writer who counts round trips: the change and its event in one statement,

        with placed as (insert into purchase (customer, amount_minor) values ($1, $2) returning customer)
        insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
        select $3::uuid, $4, $5, $6::bytea, $7, $8::timestamptz, $9 from placed

    As with `append`, what the key names must be locked before: by an earlier statement, or by the one in `with` itself
    if it updates that row.
    """
    topics.check(event)
    return _values(event)


def _values(event: NewEvent) -> tuple[object, ...]:
    attributes = event.event_id, event.topic, event.key, event.payload
    return *attributes, event.source, event.occurred_at, event.traceparent


def _columns(events: Sequence[NewEvent]) -> list[Sequence[object]]:
    """The events' values by column; of what is the same in all of them, one."""
    event_ids, topics, keys, payloads, *others = zip(*map(_values, events), strict=True)
    return [event_ids, _once(topics), keys, payloads, *map(_once, others)]


def _once(column: Sequence[object]) -> Sequence[object]:
    return column[:1] if column.count(column[0]) == len(column) else column

"""A transactional outbox for PostgreSQL and Kafka that is a log, not a queue.

Writers append events in their own transactions (`append`); one relay at a time publishes them (`outbox.relay`): each
committed event exactly once in Kafka as long as no relay is frozen, at least once whatever happens, and in commit
order for each key. docs/outbox.md has the whole of it.

What is here is for writers and needs no Kafka client. `outbox.schema` makes the tables, `outbox.relay` and
`outbox.topics` publish; `checks`, `parking`, `rebase`, `replay`, `retention` and `tail` are for those who run them.
"""

from outbox.append import append, insert_values
from outbox.errors import (
    EventTooLargeError,
    ForeignHistoryError,
    InvalidAttributeError,
    InvalidEventError,
    InvalidKeyError,
    MissingTopicError,
    OutboxError,
    OutsideTransactionError,
    RelayStopped,
    RepartitionedError,
    UnknownTopicError,
    UnserialisedPayloadError,
)
from outbox.events import NewEvent, Topics
from outbox.poke import Poke
from outbox.settings import RelaySettings
from outbox.status import Leader, OutboxStatus, status

__all__ = [
    "EventTooLargeError",
    "ForeignHistoryError",
    "InvalidAttributeError",
    "InvalidEventError",
    "InvalidKeyError",
    "Leader",
    "MissingTopicError",
    "NewEvent",
    "OutboxError",
    "OutboxStatus",
    "OutsideTransactionError",
    "Poke",
    "RelaySettings",
    "RelayStopped",
    "RepartitionedError",
    "Topics",
    "UnknownTopicError",
    "UnserialisedPayloadError",
    "append",
    "insert_values",
    "status",
]

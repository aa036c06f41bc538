"""The errors of the outbox. A class's docstring is its default message; `data` has the numbers."""

from typing import Any


class OutboxError(Exception):
    """The outbox cannot do this."""

    def __init__(self, message: str | None = None, **data: Any) -> None:
        self.data = data
        super().__init__(message or (type(self).__doc__ or "").strip())


class OutsideTransactionError(OutboxError):
    """append() was called outside a transaction: open one, so that the events are stored with what they tell of."""


class InvalidEventError(OutboxError):
    """The event can never be published."""


class UnknownTopicError(InvalidEventError):
    """The topic is not among the outbox's topics: add it to them, then create it."""


class InvalidKeyError(InvalidEventError):
    """The key must be text of 1 to 512 bytes without NUL: it decides the order of the events."""


class InvalidAttributeError(InvalidEventError):
    """An event's source and traceparent must be text of 512 bytes at most, without NUL: they become headers."""


class UnserialisedPayloadError(InvalidEventError):
    """The payload must be bytes: serialise the event before it is appended."""


class EventTooLargeError(InvalidEventError):
    """The payload is larger than Kafka is asked to take."""


class RelayStopped(OutboxError):
    """The relay cannot go on until an operator has acted."""


class ForeignHistoryError(RelayStopped):
    """The checkpoint is from another history of the database. Was it restored? Run `laurel outbox rebase`."""


class RepartitionedError(RelayStopped):
    """A topic has another number of partitions: events of one key would go to two partitions, out of order."""


class MissingTopicError(OutboxError):
    """A topic does not exist."""

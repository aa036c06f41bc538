"""Where events are on their way, and those that could not go on."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.admin.fields import Command
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, UtcTime


class OutboxLeader(Answered):
    """The relay that publishes now."""

    application: str
    since: UtcTime


class OutboxFigures(Answered):
    """Events that wait to be published. `backlog_rows` is counted up to 100,000."""

    backlog_rows: int
    oldest_unpublished_age_seconds: float | None = Field(description="null when nothing waits")
    rows_per_second: float
    leader: OutboxLeader | None = Field(description="null: no relay publishes now")
    checkpoint_at: UtcTime | None
    parked_keys: int
    parked_rows: int


class PartitionLag(Answered):
    """`lag_events` is null when the worker has not told it lately: unknown, which is not zero."""

    topic: str
    partition: int
    lag_events: int | None
    reported_at: UtcTime | None


class Consumers(Answered):
    """Events that wait for the worker. `known` is false while the lag of any partition is unknown."""

    known: bool
    lag_events: int | None = Field(description="of all partitions; null while it is not known")
    partitions: list[PartitionLag]


class DeadLetterCounts(Answered):
    """Events that wait for an operator's decision, and those that came in the last hour."""

    open: int
    last_hour: int


class Pipeline(Answered):
    """The way of events from the outbox through Kafka to the worker."""

    as_of: UtcTime
    outbox: OutboxFigures
    consumers: Consumers
    dead_letters: DeadLetterCounts
    unawarded_transactions: int = Field(description="recorded and not awarded yet, counted up to 10,000")
    pending_redemptions: int = Field(description="not decided yet, counted up to 10,000")


class DeadLetter(Answered):
    """An event that the worker could not handle, as it came."""

    dead_letter_id: UUID
    consumer: str
    event_id: UUID
    topic: str
    partition: int
    record_offset: int
    key: str | None
    headers: dict[str, Any]
    payload: str | None = Field(description="as text; bytes that are no text are shown as U+FFFD")
    error_kind: str
    error: str
    created_at: UtcTime
    resolved_at: UtcTime | None
    resolution: Literal["requeued", "skipped"] | None


class DeadLetterPage(Page[DeadLetter]):
    """Events that could not be handled, the last first."""


class DeadLetterFilter(ListQuery):
    """Which dead letters."""

    status: Literal["open", "resolved"] | None = Field(None, description="only those that wait for you, or do not")
    topic: str | None = Field(None, max_length=250, description="only events of this topic")


class ParkedKey(Answered):
    """A key whose next event Kafka refused: it and all later events of the key wait, in order."""

    topic: str
    key: str
    waiting_rows: int
    parked_at: UtcTime
    error: str | None
    attempts: int
    requested: Literal["requeue", "skip"] | None = Field(description="what the relay has been asked to do, soon")


class ParkedKeys(Answered):
    """The keys that wait, the oldest first, at most 100."""

    data: list[ParkedKey]


class ParkedKeyName(Command):
    """Which key of which topic."""

    topic: str = Field(min_length=1, max_length=250)
    key: str = Field(min_length=1, max_length=512)


class ParkedKeyRequest(Answered):
    """What the relay has been asked to do with a key; it does so within moments."""

    topic: str
    key: str
    requested: Literal["requeue", "skip"]

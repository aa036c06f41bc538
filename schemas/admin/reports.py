"""Figures from the ledger."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.admin.program import PointValue
from schemas.common import Answered, CurrencyCode, DecimalString, PageQuery, Requested, UtcTime

MAX_REPORT_DAYS = 400


class DateRange(Requested):
    """Days of the program's time zone, both included. Without them: the last 30 days."""

    from_day: Annotated[date | None, Field(alias="from")] = None
    to_day: Annotated[date | None, Field(alias="to")] = None


class PointsMoved(Answered):
    """Points by what moved them. `adjusted` may be negative; `redeemed` counts what members spent."""

    issued: int
    redeemed: int
    adjusted: int


class DayFigures(PointsMoved):
    day: date
    transactions: int
    members_joined: int
    redemptions_completed: int


class RedemptionOutcome(Answered):
    status: Literal["pending", "completed", "rejected", "cancelled"]
    reason: str | None
    count: int


class Overview(Answered):
    """opening_points + issued - redeemed + adjusted = closing_points, exactly: points that members hold."""

    from_day: date = Field(serialization_alias="from")
    to_day: date = Field(serialization_alias="to")
    time_zone: str
    as_of: UtcTime
    opening_points: int
    moved: PointsMoved
    closing_points: int
    outstanding_points: int = Field(description="what members hold now")
    outstanding_value: DecimalString = Field(description="outstanding_points at point_value")
    point_value: PointValue
    currency: CurrencyCode
    members: int
    transactions: int = Field(description="recorded in the range")
    redemptions: list[RedemptionOutcome] = Field(description="requested in the range, by outcome")
    days: list[DayFigures]


class OutboxFigures(Answered):
    oldest_unpublished_age_seconds: float | None
    backlog_rows: int
    rate_per_second: float | None
    leader: str | None
    parked_keys: int


class PartitionLag(Answered):
    """`lag_events` is null when the worker has not told it lately: unknown, which is not zero."""

    topic: str
    partition: int
    lag_events: int | None
    reported_at: UtcTime | None


class DeadLetterCounts(Answered):
    open: int
    last_hour: int


class Pipeline(Answered):
    """Where events are on their way. `consumers_known` is false when the worker's report is missing or old."""

    as_of: UtcTime
    outbox: OutboxFigures
    consumers: list[PartitionLag]
    consumers_known: bool
    dead_letters: DeadLetterCounts
    unprocessed_transactions: int = Field(description="recorded and not awarded yet, counted up to 10,000")
    pending_redemptions: int = Field(description="not decided yet, counted up to 10,000")


class DeadLetter(Answered):
    """An event that the worker could not handle, as it came. `payload` is its text where it is text."""

    dead_letter_id: UUID
    consumer: str
    event_id: UUID
    topic: str
    partition: int
    record_offset: int
    key: str | None
    headers: dict[str, Any]
    payload: str | None
    error_kind: str
    error: str
    created_at: UtcTime
    resolved_at: UtcTime | None
    resolution: Literal["requeued", "skipped"] | None


class DeadLetterFilter(PageQuery):
    status: Literal["open", "resolved"] | None = None
    topic: Annotated[str, Field(max_length=250)] | None = None

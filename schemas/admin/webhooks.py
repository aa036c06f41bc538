"""Webhooks: endpoints that are told of events, and what they were told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from schemas.admin.fields import Command, LongText, omitted
from schemas.admin.lists import ListQuery
from schemas.admin.merchants import RotateKey
from schemas.common import Answered, Page, UtcTime
from schemas.events import EVENTS

ALL = "*"
Url = Annotated[str, Field(min_length=10, max_length=2_000, examples=["https://example.com/laurel"])]


def _known(value: list[str]) -> list[str]:
    unknown = sorted(set(value) - set(EVENTS) - {ALL})
    if unknown:
        raise ValueError(f"there is no event {', '.join(unknown)}")
    return [ALL] if ALL in value else list(dict.fromkeys(value))


EventTypes = Annotated[
    list[Annotated[str, Field(max_length=80, json_schema_extra={"enum": [ALL, *EVENTS]})]],
    Field(min_length=1, max_length=50, description="topics, as docs/asyncapi.json has them; * for all"),
]


class NewWebhook(Command):
    """An endpoint to tell of events from now on."""

    url: Url
    description: LongText = ""
    event_types: EventTypes = Field(default_factory=lambda: [ALL])

    _known = field_validator("event_types")(_known)


class WebhookPatch(Command):
    """Fields left out stay as they are. `active: true` takes up again an endpoint that was given up."""

    url: Url = Field(default_factory=omitted)
    description: LongText = Field(default_factory=omitted)
    event_types: EventTypes = Field(default_factory=omitted)
    active: bool = Field(default_factory=omitted)

    @field_validator("event_types")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        return _known(value)


class RotateSecret(RotateKey):
    """The old secret signs as well for `overlap_seconds` more."""


class Webhook(Answered):
    """An endpoint. While it is not active it is told nothing, and what happens meanwhile it is not told later."""

    webhook_id: UUID
    url: str
    description: str
    event_types: list[str]
    active: bool
    disabled_reason: str | None = Field(description="why it was given up; null when an administrator did it")
    failing_since: UtcTime | None = Field(description="since when no attempt has succeeded")
    created_at: UtcTime


class WebhookPage(Page[Webhook]):
    """Endpoints, the newest first."""


class IssuedWebhook(Webhook):
    """`secret` is shown in this answer and never again."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class Delivery(Answered):
    """An event for an endpoint. `webhook-id` of the request is the delivery_id, however often it is attempted."""

    delivery_id: UUID
    webhook_id: UUID
    event_type: str
    occurred_at: UtcTime
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: UtcTime | None
    created_at: UtcTime
    delivered_at: UtcTime | None


class DeliveryPage(Page[Delivery]):
    """What an endpoint was told, the last first."""


class Attempt(Answered):
    """A request that was sent, or that could not be."""

    n: int
    at: UtcTime
    duration_ms: int
    status: int | None = Field(description="the HTTP status of the answer; null without an answer")
    error: str | None
    answer: str | None = Field(description="how the answer's body begins")


class DeliveryWithLog(Delivery):
    """A delivery with the event it tells of and every attempt."""

    payload: dict[str, Any]
    log: list[Attempt]


class DeliveryFilter(ListQuery):
    """Which deliveries."""

    status: Literal["pending", "delivered", "failed"] | None = Field(None, description="only those of this status")

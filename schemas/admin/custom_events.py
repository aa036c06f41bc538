"""Custom events: what members do that is no purchase, with fields that rules may ask about."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.admin.fields import Command, ExternalId, ShortText
from schemas.common import Answered, UtcTime
from schemas.customer import RequestedTime
from schemas.events import EventFields
from schemas.patterns import described

FIELDS_LIMIT = 50

EventCode = Annotated[
    str,
    StringConstraints(
        pattern=described(
            r"^[a-z][a-z0-9_.]{0,59}$",
            "small letters, digits, . or _, a letter first, at most 60, such as review.written",
        )
    ),
    Field(examples=["review.written"]),
]


class EventField(Command):
    """A field that events of a type have. A number has at most 4 decimals."""

    name: EventCode
    type: Literal["number", "text", "boolean"]
    required: bool = True


class NewEventType(Command):
    """A type of events. It stays as it is: what changes is another type."""

    code: EventCode
    name: ShortText
    fields: Annotated[list[EventField], Field(max_length=FIELDS_LIMIT)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_differ(self) -> "NewEventType":
        if len({field.name for field in self.fields}) < len(self.fields):
            raise ValueError("two fields have one name")
        return self


class EventType(Answered):
    """A type of events."""

    code: str
    name: str
    fields: list[EventField]
    created_at: UtcTime


class EventTypes(Answered):
    """All types of events, by their codes."""

    data: list[EventType]


class NewCustomEvent(Command):
    """What one member did, told by the merchant whose key is used."""

    event_type: EventCode
    member_id: UUID | None = None
    member_external_id: ExternalId | None = None
    external_id: ExternalId | None = Field(None, description="the merchant's own id of the event: recorded once")
    occurred_at: RequestedTime | None = Field(None, description="now when left out; not in the future")
    fields: EventFields = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_member(self) -> "NewCustomEvent":
        if (self.member_id is None) == (self.member_external_id is None):
            raise ValueError("give member_id or member_external_id")
        return self


class CustomEvent(Answered):
    """What a member did. It is `recorded` until the points are worked out, then `awarded`, perhaps with 0 points."""

    event_id: UUID
    event_type: str
    member_id: UUID
    merchant_id: UUID
    external_id: str | None
    occurred_at: UtcTime
    recorded_at: UtcTime
    fields: EventFields
    status: Literal["recorded", "awarded"]
    points_awarded: int | None = Field(description="null while `recorded`")

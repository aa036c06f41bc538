"""All that happened with a member, of whatever kind, in one list."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Answered, DecimalString, Page, UtcTime

TimelineKind = Literal[
    "joined",
    "purchase",
    "refund",
    "redemption",
    "custom_event",
    "adjustment",
    "expiry",
    "release",
    "transfer",
    "tier_change",
    "change",
]


class TimelineEntry(Answered):
    """Something that happened. `id` is the purchase's, refund's, redemption's or change's own."""

    id: UUID
    at: UtcTime
    kind: TimelineKind
    points: int | None = Field(description="given (+) or taken (-); null where none are, or not decided yet")
    amount: DecimalString | None
    currency: str | None
    status: str | None = Field(description="of a purchase, refund or redemption; a tier's code; who made a change")
    detail: str | None = Field(description="a reward's name, a reason, an external id, a kind of event or change")
    merchant_id: UUID | None


class Timeline(Page[TimelineEntry]):
    """What happened with a member, the last first."""

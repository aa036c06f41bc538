"""The Kafka contract: one model per topic. Topic = event type, key = member id, value = the model as JSON.

Changes are compatible only (new optional fields): a test compares these models with the committed JSON Schemas in
schemas/json. The CloudEvents attributes travel as record headers, not in the value.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from schemas.patterns import described

UtcTime = Annotated[datetime, WithJsonSchema({"type": "string"}, mode="serialization")]
"""An RFC 3339 time in UTC, with a Z."""
DecimalString = Annotated[
    str,
    Field(
        pattern=described(
            r"^-?\d{1,15}(\.\d{1,4})?$", "a number in digits with a point before its decimals, such as 12.34 or -5"
        ),
        examples=["12.34"],
    ),
]
CurrencyCode = Annotated[
    str,
    Field(
        pattern=described(r"^[A-Z]{3}$", "a currency of three capital letters (ISO 4217), such as GBP"),
        examples=["GBP"],
    ),
]

RejectionReason = Literal[
    "insufficient_points",
    "out_of_stock",
    "limit_reached",
    "tier_not_eligible",
    "reward_inactive",
    "member_inactive",
]


class Event(BaseModel):
    """What every event has. Unknown fields are ignored: a newer writer may add them."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_version: Literal[1] = 1
    member_id: UUID


class TransactionItem(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    sku: str
    category: str | None = None
    quantity: int
    amount: DecimalString


class TransactionRecorded(Event):
    """A purchase was stored. Topic transaction.recorded."""

    transaction_id: UUID
    merchant_id: UUID
    external_id: str | None = None
    occurred_at: UtcTime
    recorded_at: UtcTime
    amount: DecimalString
    currency: CurrencyCode
    items: tuple[TransactionItem, ...] = ()


class RefundedLine(BaseModel):
    """What came back of a line; `line` is its place in the basket."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    line: int
    quantity: int
    amount: DecimalString


class TransactionRefunded(Event):
    """Money was given back for a purchase, for some lines or for the whole. Topic transaction.refunded."""

    refund_id: UUID
    transaction_id: UUID
    merchant_id: UUID
    external_id: str | None = None
    amount: DecimalString
    currency: CurrencyCode
    lines: tuple[RefundedLine, ...] = ()
    reason: str
    refunded_at: UtcTime


class RuleShare(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    rule_id: UUID
    version: int
    points: int


class PointsEarned(Event):
    """A purchase was awarded, perhaps with 0 points. Topic points.earned."""

    transaction_id: UUID
    points: int
    rules: tuple[RuleShare, ...]
    available_after: int
    pending_until: UtcTime | None = None
    expires_at: UtcTime | None = None


EventFields = dict[str, bool | int | float | str]
"""What a custom event says, by the names of its type's fields."""


class EventRecorded(Event):
    """A member did something that is no purchase. Topic event.recorded."""

    event_id: UUID
    merchant_id: UUID
    event_type: str
    external_id: str | None = None
    occurred_at: UtcTime
    recorded_at: UtcTime
    fields: EventFields = Field(default_factory=dict)


class EventAwarded(Event):
    """A custom event was awarded, perhaps with 0 points. Topic event.awarded."""

    event_id: UUID
    event_type: str
    points: int
    rules: tuple[RuleShare, ...]
    available_after: int
    pending_until: UtcTime | None = None
    expires_at: UtcTime | None = None


class RewardRedeemed(Event):
    """A member asked for a reward; the worker decides. Topic reward.redeemed."""

    redemption_id: UUID
    reward_id: UUID
    points_cost: int
    requested_at: UtcTime


class RedemptionCompleted(Event):
    """A redemption was decided. Topic redemption.completed."""

    redemption_id: UUID
    reward_id: UUID
    outcome: Literal["completed", "rejected"]
    reason: RejectionReason | None = None
    points_spent: int
    available_after: int
    completed_at: UtcTime


class RedemptionReserved(Event):
    """A redemption was granted and waits for its partner. Topic redemption.reserved.

    Without a confirmation by reserved_until the points go back.
    """

    redemption_id: UUID
    reward_id: UUID
    points_held: int
    available_after: int
    reserved_at: UtcTime
    reserved_until: UtcTime


class RedemptionCancelled(Event):
    """A redemption came to nothing after all, and its points went back. Topic redemption.cancelled."""

    redemption_id: UUID
    reward_id: UUID
    cause: Literal["cancelled", "released", "timed_out"]
    reason: str
    points_returned: int
    available_after: int
    cancelled_at: UtcTime


class PointsAdjusted(Event):
    """An operator added or took points. Topic points.adjusted."""

    adjustment_id: UUID
    points: int
    reason: str
    available_after: int
    adjusted_at: UtcTime


class PointsReversed(Event):
    """A refund took points back. Topic points.reversed.

    Of points_due, `points` were taken; points_owed of these had been spent and are owed now; points_lapsed had expired.
    """

    refund_id: UUID
    transaction_id: UUID
    points: int
    points_due: int
    points_owed: int
    points_lapsed: int
    available_after: int
    reversed_at: UtcTime


class PointsReleased(Event):
    """Pending points became available; `points_paid` of them went to what the member owed. Topic points.released."""

    points: int
    points_paid: int
    available_after: int
    released_at: UtcTime


class PointsExpired(Event):
    """Points that nobody spent in time are gone. Topic points.expired."""

    points: int
    available_after: int
    expired_at: UtcTime


class PointsTransferred(Event):
    """A member gave another points: one event for each, points below 0 for the giver. Topic points.transferred.

    Carries no personal data: the note is no longer written.
    """

    transfer_id: UUID
    other_member_id: UUID
    points: int
    note: str | None = None
    available_after: int
    transferred_at: UtcTime


class EventReversed(Event):
    """Points of a custom event's award were taken back: those of a referral whose purchase was refunded. Topic
    event.reversed.

    Of points_due, `points` were taken; points_owed of these had been spent and are owed now; points_lapsed had expired.
    """

    event_id: UUID
    event_type: str
    points: int
    points_due: int
    points_owed: int
    points_lapsed: int
    available_after: int
    reversed_at: UtcTime


class MemberRegistered(Event):
    """A member joined. Topic member.registered. Carries no personal data: external_id is no longer written."""

    external_id: str | None = None
    registered_at: UtcTime


class MemberErased(Event):
    """A member was erased: forget whatever else you know of them. Topic member.erased."""

    erased_at: UtcTime


class TierChanged(Event):
    """A member moved on the ladder of tiers. Topic tier.changed."""

    from_tier: str
    to_tier: str
    reason: Literal["qualified", "not_qualified"]
    changed_at: UtcTime


class RuleActivated(BaseModel):
    """A rule version took effect or was retired. Topic rule.activated; key = rule id."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_version: Literal[1] = 1
    rule_id: UUID
    version: int | None
    status: Literal["active", "retired"]
    ruleset_version: int
    changed_at: UtcTime


EVENTS: dict[str, type[BaseModel]] = {
    "transaction.recorded": TransactionRecorded,
    "transaction.refunded": TransactionRefunded,
    "points.earned": PointsEarned,
    "points.reversed": PointsReversed,
    "reward.redeemed": RewardRedeemed,
    "redemption.completed": RedemptionCompleted,
    "redemption.reserved": RedemptionReserved,
    "redemption.cancelled": RedemptionCancelled,
    "points.adjusted": PointsAdjusted,
    "points.transferred": PointsTransferred,
    "points.released": PointsReleased,
    "points.expired": PointsExpired,
    "member.registered": MemberRegistered,
    "member.erased": MemberErased,
    "tier.changed": TierChanged,
    "event.recorded": EventRecorded,
    "event.awarded": EventAwarded,
    "event.reversed": EventReversed,
    "rule.activated": RuleActivated,
}
"""Topic name to model. `laurel topics` creates these topics."""

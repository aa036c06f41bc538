"""Rewards and what was asked of them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.admin.fields import (
    POINTS_LIMIT,
    Code,
    Command,
    LongText,
    Points,
    PositivePoints,
    ShortText,
    omitted,
)
from schemas.common import Answered, Page, PageQuery, UtcTime
from schemas.customer import RequestedTime
from schemas.events import RejectionReason

ImageUrl = Annotated[str, StringConstraints(max_length=500, pattern=r"^(https://|/[^/\s<>\"'])[^\s<>\"']*$")]
MemberLimit = Annotated[int, Field(ge=1, le=1_000_000)]


class Reward(Answered):
    """Something that points buy."""

    reward_id: UUID
    name: str
    description: str
    image_url: str | None
    points_cost: int
    stock_remaining: int | None = Field(description="null: as many as are asked for")
    limit_per_member: int | None
    minimum_tier_code: str | None
    active: bool
    starts_at: UtcTime | None
    ends_at: UtcTime | None
    created_at: UtcTime
    updated_at: UtcTime


class RewardPage(Page[Reward]):
    """Rewards, the newest first."""


class NewReward(Command):
    """What to offer. Without stock or limit there is as much as is asked for."""

    name: ShortText
    description: LongText = ""
    image_url: ImageUrl | None = None
    points_cost: PositivePoints
    stock_remaining: Points | None = None
    limit_per_member: MemberLimit | None = None
    minimum_tier_code: Code | None = None
    active: bool = True
    starts_at: RequestedTime | None = None
    ends_at: RequestedTime | None = None


class RewardPatch(Command):
    """Fields left out stay as they are. `stock_remaining` sets the stock; `stock_change` adds to it or takes from it,
    whatever is redeemed meanwhile."""

    name: ShortText = Field(default_factory=omitted)
    description: LongText = Field(default_factory=omitted)
    image_url: ImageUrl | None = Field(default_factory=omitted)
    points_cost: PositivePoints = Field(default_factory=omitted)
    stock_remaining: Points | None = Field(default_factory=omitted)
    stock_change: Annotated[int, Field(ge=-POINTS_LIMIT, le=POINTS_LIMIT)] = Field(default_factory=omitted)
    limit_per_member: MemberLimit | None = Field(default_factory=omitted)
    minimum_tier_code: Code | None = Field(default_factory=omitted)
    active: bool = Field(default_factory=omitted)
    starts_at: RequestedTime | None = Field(default_factory=omitted)
    ends_at: RequestedTime | None = Field(default_factory=omitted)

    @model_validator(mode="after")
    def _one_way_to_change_stock(self) -> "RewardPatch":
        if {"stock_remaining", "stock_change"} <= self.model_fields_set:
            raise ValueError("give stock_remaining or stock_change, not both")
        return self


class RewardFilter(PageQuery):
    """Which rewards."""

    active: bool | None = Field(None, description="only those that are, or are not")


class Redemption(Answered):
    """A reward asked for. It is `pending` until it is decided; then there is a voucher code, or a reason."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    reward_name: str
    points_cost: int
    status: Literal["pending", "completed", "rejected", "cancelled"]
    reason: RejectionReason | None
    voucher_code: str | None = Field(description="a viewer sees only how it ends")
    requested_at: UtcTime
    completed_at: UtcTime | None


class RedemptionPage(Page[Redemption]):
    """Rewards asked for by all members, the last first."""


class RedemptionFilter(PageQuery):
    """Which redemptions."""

    status: Literal["pending", "completed", "rejected", "cancelled"] | None = Field(
        None, description="only those of this status"
    )
    member_id: UUID | None = Field(None, description="only this member's")
    reward_id: UUID | None = Field(None, description="only of this reward")

"""Rewards and what was asked of them."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.admin.fields import (
    POINTS_LIMIT,
    Code,
    Command,
    LongText,
    Points,
    PositivePoints,
    Reason,
    ShortText,
    omitted,
)
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, UtcTime
from schemas.customer import RequestedTime
from schemas.events import RejectionReason
from schemas.patterns import described

ImageUrl = Annotated[
    str,
    StringConstraints(
        max_length=500,
        pattern=described(r"^(https://|/[^/\s<>\"'])[^\s<>\"']*$", "an address that begins with https:// or /"),
    ),
]
LimitPeriod = Literal["day", "week", "month", "year", "ever"]
VoucherSource = Literal["generated", "uploaded"]
ConfirmSeconds = Annotated[int, Field(ge=1, le=30 * 86_400)]
RedemptionStatus = Literal["pending", "reserved", "completed", "rejected", "cancelled"]
VOUCHERS_LIMIT = 10_000
VoucherCode = Annotated[
    str,
    StringConstraints(
        pattern=described(r"^[!-~]{1,100}$", "1 to 100 letters, digits or signs of ASCII, without spaces")
    ),
]
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
    limit_period: LimitPeriod
    minimum_tier_code: str | None
    active: bool
    starts_at: UtcTime | None
    ends_at: UtcTime | None
    voucher_source: VoucherSource
    confirm_seconds: int | None
    partner_id: UUID | None
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
    limit_period: LimitPeriod = "ever"
    minimum_tier_code: Code | None = None
    active: bool = True
    starts_at: RequestedTime | None = None
    ends_at: RequestedTime | None = None
    voucher_source: VoucherSource = Field("generated", description="uploaded: codes of a list, each once")
    confirm_seconds: ConfirmSeconds | None = Field(
        None,
        description="a partner confirms within so many seconds, else the points come back; null: nothing to confirm",
    )
    partner_id: UUID | None = Field(None, description="the merchant whose key confirms")

    @model_validator(mode="after")
    def _can_be_confirmed(self) -> Self:
        if self.partner_id is not None and self.confirm_seconds is None:
            raise ValueError("a partner needs confirm_seconds")
        if self.confirm_seconds is not None and self.voucher_source == "uploaded":
            raise ValueError("codes of a reward that a partner confirms are the partner's")
        return self


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
    limit_period: LimitPeriod = Field(default_factory=omitted)
    voucher_source: VoucherSource = Field(default_factory=omitted)
    confirm_seconds: ConfirmSeconds | None = Field(default_factory=omitted)
    partner_id: UUID | None = Field(default_factory=omitted)
    minimum_tier_code: Code | None = Field(default_factory=omitted)
    active: bool = Field(default_factory=omitted)
    starts_at: RequestedTime | None = Field(default_factory=omitted)
    ends_at: RequestedTime | None = Field(default_factory=omitted)

    @model_validator(mode="after")
    def _one_way_to_change_stock(self) -> "RewardPatch":
        if {"stock_remaining", "stock_change"} <= self.model_fields_set:
            raise ValueError("give stock_remaining or stock_change, not both")
        return self


class RewardFilter(ListQuery):
    """Which rewards."""

    active: bool | None = Field(None, description="only those that are, or are not")


class Redemption(Answered):
    """A reward asked for. It is `pending` until it is decided; then there is a voucher code, or a reason.

    One that a partner is to confirm is `reserved` until then, its points held.
    """

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    reward_name: str
    points_cost: int
    status: RedemptionStatus
    reason: RejectionReason | None
    voucher_code: str | None = Field(description="a viewer sees only how it ends")
    requested_at: UtcTime
    completed_at: UtcTime | None
    reserved_until: UtcTime | None
    cancelled_at: UtcTime | None
    cancel_reason: str | None


class RedemptionPage(Page[Redemption]):
    """Rewards asked for by all members, the last first."""


class RedemptionFilter(ListQuery):
    """Which redemptions."""

    status: RedemptionStatus | None = Field(None, description="only those of this status")
    member_id: UUID | None = Field(None, description="only this member's")
    reward_id: UUID | None = Field(None, description="only of this reward")


class Cancellation(Command):
    """Why a redemption is undone, and whether its stock is back or written off. The points go back in any case."""

    reason: Reason
    stock: Literal["return", "write_off"] = "return"


class Confirmation(Command):
    """The partner has delivered. Without a code of the partner's one is made."""

    voucher_code: VoucherCode | None = None


class Release(Command):
    """The partner cannot deliver."""

    reason: Reason


class NewVouchers(Command):
    """Codes to hand out, in this order. Those that the reward has already are passed over. More of them, or to hear of
    each: send a file."""

    codes: Annotated[list[VoucherCode], Field(min_length=1, max_length=VOUCHERS_LIMIT)]


class VoucherLine(Command):
    """A line of a file: a code to hand out."""

    code: VoucherCode


class UploadedVoucher(Answered):
    """What became of a line of a file. Lines are counted from 1, the header too. A code is named when it was not added:
    the reward had it before (`known`), or an earlier line of the file has it (`repeated`)."""

    line: int
    status: Literal["added", "known", "repeated", "refused"]
    voucher_code: str | None = None
    first_line: int | None = Field(None, description="of a repeated code, the line that was added")
    code: str | None = Field(None, description="why a line was refused, as in a problem")
    detail: str | None = None
    errors: list[dict[str, Any]] | None = None


class VoucherSummary(Answered):
    """The last line of an answer. Without it, or with `complete: false`, send the same file again: nothing is twice."""

    summary: Literal[True] = True
    complete: bool
    upload_id: UUID
    lines: int
    added: int
    known: int
    repeated: int
    refused: int
    detail: str | None = Field(None, description="why it ended early")


class VoucherBatch(Answered):
    """What the audit log keeps of some lines of a file."""

    upload_id: UUID
    first_line: int
    last_line: int
    added: int


class Vouchers(Answered):
    """How many codes a reward has, free ones among them; of those just sent, how many were added or known before."""

    reward_id: UUID
    added: int
    known: int
    codes: int
    free: int

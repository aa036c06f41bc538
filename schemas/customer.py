"""The Customer API's requests and answers."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, EmailStr, Field, SecretStr, StringConstraints

from schemas.common import Answered, CurrencyCode, DecimalString, Page, Points, Requested, UtcTime
from schemas.events import RejectionReason
from schemas.patterns import described

ITEMS_LIMIT = 500
QUANTITY_LIMIT = 1_000_000
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _check_rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("Input should be an RFC 3339 time with its offset, such as 2026-03-01T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Input should be a time of the years 1 to 9999, in UTC too") from None


RequestedTime = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_check_rfc3339), AfterValidator(_in_utc)]
"""In UTC, however it was asked for."""


def _check_day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    raise ValueError("Input should be a date, such as 1990-03-05")


BirthDate = Annotated[date, Field(strict=False, ge=date(1900, 1, 1)), BeforeValidator(_check_day)]
"""Personal data: asked for only to give something on a birthday."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ReferralCode = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=described(r"^[0-9A-Za-z]+$", "letters and digits only"))
]
Email = Annotated[EmailStr, Field(max_length=320, examples=["ada@example.com"])]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=200, examples=["correct horse battery"])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=200, examples=["correct horse battery"])]
RefreshToken = Annotated[SecretStr, Field(min_length=1, max_length=200)]
Amount = Annotated[
    str,
    StringConstraints(
        pattern=described(
            r"^\d{1,15}(\.\d{1,4})?$", "an amount in digits with a point before its decimals, such as 12.34"
        )
    ),
    Field(description="a decimal string, not negative, with at most the decimals of its currency", examples=["12.34"]),
]


class Registration(Requested):
    """Who joins."""

    email: Email
    password: NewPassword
    name: Name = Field(examples=["Ada Lovelace"])
    birth_date: BirthDate | None = Field(None, description="for treats on a birthday; may be left out")
    referral_code: ReferralCode | None = Field(None, description="of the member who brought the new one")


class Login(Requested):
    """Who signs in."""

    email: str = Field(min_length=1, max_length=320, examples=["ada@example.com"])
    password: Password


class RefreshRequest(Requested):
    """The refresh token of the session. It is good for one use."""

    refresh_token: RefreshToken


class Profile(Answered):
    """A member."""

    member_id: UUID
    external_id: str | None
    email: str | None
    name: str | None
    status: Literal["active", "suspended", "erased"]
    tier_code: str
    created_at: UtcTime
    birth_date: date | None = None
    referral_code: str | None = Field(None, description="the member's own, to give to friends")


class Session(Answered):
    """The access token goes into `Authorization: Bearer`; the refresh token buys the next session, once."""

    member_id: UUID
    access_token: str
    token_type: Literal["Bearer"] = Field("Bearer")
    expires_in: int = Field(description="seconds that the access token is valid", examples=[900])
    refresh_token: str


class TierOutlook(Answered):
    """What counts towards tiers, in points or as an amount of money in the program's currency, as decimal strings."""

    measure: Literal["points", "spend"]
    period: Literal["lifetime", "calendar_year", "rolling_12_months"]
    currency: str | None = Field(None, description="of the amounts; null where points count")
    counted: str = Field(description="what counts towards the next tier now")
    to_next: str | None = Field(description="what is missing for it; null at the top")
    at_risk: bool = Field(description="the tier is lost at `keep_by` unless `to_keep` more is reached")
    to_keep: str | None
    keep_by: UtcTime | None


class TierStanding(Answered):
    """The member's tier, and how far the next one is. At the top there is no next one."""

    code: str
    name: str
    next: str | None = Field(description="the code of the next tier")
    next_name: str | None
    points_to_next: int | None = Field(description="null at the top, and where money spent is what counts")
    benefits: list[str] = Field(default_factory=list)
    outlook: TierOutlook | None = Field(None, description="null while the program moves nobody between tiers")


class ExpiringPoints(Answered):
    """Points that leave the balance at a time unless they are spent before."""

    points: Points
    expires_at: UtcTime


class PointsBalance(Answered):
    """A member's points. `version` counts the changes; `as_of` is when this was so."""

    member_id: UUID
    available: int
    pending: int
    held: int
    owed: int = Field(description="taken back by refunds after it was spent: points that come in pay it first")
    lifetime_earned: int
    tier: TierStanding
    expiring: list[ExpiringPoints] = Field(description="soonest first, at most 50")
    version: int
    as_of: UtcTime


class NewItem(Requested):
    """A line of the basket. `amount` is the whole line's, whatever its quantity."""

    sku: Text
    category: Text | None = None
    quantity: int = Field(1, ge=0, le=QUANTITY_LIMIT)
    amount: Amount


class NewTransaction(Requested):
    """A purchase of the member. Items, when given, sum to the amount."""

    external_id: Text | None = Field(None, description="the merchant's own id of the purchase: recorded once")
    occurred_at: RequestedTime | None = Field(None, description="now when left out; not in the future")
    amount: Amount
    currency: CurrencyCode
    merchant_id: UUID
    items: Annotated[list[NewItem], Field(max_length=ITEMS_LIMIT)] = Field(default_factory=list)
    receipt: Annotated[str, Field(max_length=20_000)] | None = Field(
        None, description="the merchant's signature of the purchase (JWS), where the program asks for one"
    )


class Item(Answered):
    """A line of the basket."""

    sku: str
    category: str | None
    quantity: int
    amount: DecimalString


class Transaction(Answered):
    """A purchase. It is `recorded` until the points are worked out, then `awarded`, perhaps with 0 points."""

    transaction_id: UUID
    external_id: str | None
    merchant_id: UUID
    occurred_at: UtcTime
    recorded_at: UtcTime
    amount: DecimalString
    currency: CurrencyCode
    items: list[Item]
    status: Literal["recorded", "awarded", "refunded"]
    points_awarded: int | None = Field(description="null while `recorded`")
    refunded_amount: DecimalString


class TransactionPage(Page[Transaction]):
    """Purchases, the last recorded first."""


class ReceiptRule(Answered):
    """A version of a rule. Its contribution is exact, its share a whole number, its points what limits left of it."""

    rule_id: UUID
    version: int
    name: str
    effect: dict[str, Any]
    contribution: str = Field(examples=["12.34"])
    share: int
    points: int


class RulePoints(Answered):
    """Exact points of the rule at this place in `rules`."""

    rule: int
    points: str


class ReceiptLine(Answered):
    """A line of the basket and the rules that claimed it."""

    line: int
    sku: str | None
    category: str | None
    amount: str
    scope: Literal["order", "category", "sku"] | None
    rules: list[RulePoints]


class ReceiptMultiplier(Answered):
    """A multiplier and the exact points that it added."""

    rule: int
    factor: str
    extra: str


class ReceiptTier(Answered):
    """The tier's multiplier and the exact points that it added."""

    code: str | None
    multiplier: str
    extra: str


class ReceiptCut(Answered):
    """What a limit took away from a rule's points."""

    rule: int
    limit: Literal["points_per_transaction", "points_per_member", "budget_points"]
    points: str
    period_key: str | None


class ReceiptSteps(Answered):
    """How the points came about, step by step, in exact numbers written as text ("2.5", "10/3")."""

    schema_version: int
    currency: str
    amount: str
    local_time: str
    time_zone: str
    rules: list[ReceiptRule]
    lines: list[ReceiptLine]
    fixed: list[RulePoints]
    before_multipliers: str
    multipliers: list[ReceiptMultiplier]
    tier: ReceiptTier
    unrounded: str
    rounding: Literal["down", "half_up", "up"]
    rounded: int
    cuts: list[ReceiptCut]
    points: int
    purchase_number: int | None = Field(None, description="which purchase of the member it was; null for an event")
    pending_until: str | None
    expires_at: str | None


class TransactionReceipt(Answered):
    """Why a purchase earned what it earned. `steps` is null until the points are worked out."""

    transaction_id: UUID
    status: Literal["recorded", "awarded", "refunded"]
    points_awarded: int | None
    awarded_at: UtcTime | None
    steps: ReceiptSteps | None


class Obstacle(Answered):
    """One reason why the member cannot have the reward now."""

    code: RejectionReason
    detail: str
    points_missing: int | None
    tier_needed: str | None = Field(None, description="the name of the tier that it takes")
    possible_at: UtcTime | None = Field(None, description="when points that are pending now will do")


class Reward(Answered):
    """Something that points buy, and whether this member can have it now. All reasons are given, not only the first."""

    reward_id: UUID
    name: str
    description: str
    image_url: str | None
    points_cost: int
    stock_remaining: int | None = Field(description="null when there is no limit")
    eligible: bool
    reasons: list[Obstacle]


class RewardPage(Page[Reward]):
    """Rewards on offer, the newest first."""


class RedemptionRequest(Requested):
    """Which reward."""

    reward_id: UUID


class Redemption(Answered):
    """A reward asked for. It is `pending` until it is decided; then there is a voucher code, or a reason."""

    redemption_id: UUID
    reward_id: UUID
    reward_name: str = Field(description="as it is called now, also when it is no longer on offer")
    points_cost: int
    status: Literal["pending", "reserved", "completed", "rejected", "cancelled"]
    reason: RejectionReason | None
    voucher_code: str | None
    requested_at: UtcTime
    completed_at: UtcTime | None


class RedemptionPage(Page[Redemption]):
    """Rewards asked for, the last first."""


class PointsChanged(Answered):
    """Pushed: the balance now. Also the first event of every connection."""

    member_id: UUID
    available: int
    pending: int
    held: int
    lifetime_earned: int
    version: int
    as_of: UtcTime


class TransactionAwarded(Answered):
    """Pushed: a purchase's points were worked out."""

    transaction_id: UUID
    points_awarded: int
    awarded_at: UtcTime


class RedemptionCompleted(Answered):
    """Pushed: a redemption was decided."""

    redemption_id: UUID
    reward_id: UUID
    status: Literal["completed", "rejected", "cancelled"]
    reason: RejectionReason | None
    voucher_code: str | None
    completed_at: UtcTime

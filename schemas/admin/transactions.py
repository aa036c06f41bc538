"""Purchases as operators and merchants see them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.admin.fields import AwareTime, Command, ExternalId
from schemas.common import Answered, CurrencyCode, DecimalString, PageQuery, UtcTime

MAX_ITEMS = 500
MAX_QUANTITY = 1_000_000

ItemText = Annotated[str, Field(min_length=1, max_length=200)]


class NewTransactionItem(Command):
    """A line of the basket. `amount` is the whole line's, whatever its quantity."""

    sku: ItemText
    category: ItemText | None = None
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY)] = 1
    amount: DecimalString


class NewTransaction(Command):
    """A purchase of one member at the merchant whose key is used. Items, when given, sum to the amount."""

    member_id: UUID | None = None
    member_external_id: ExternalId | None = None
    external_id: ExternalId | None = Field(None, description="the merchant's own id of the purchase: recorded once")
    occurred_at: AwareTime | None = Field(None, description="now when left out")
    amount: DecimalString
    currency: CurrencyCode
    items: Annotated[list[NewTransactionItem], Field(max_length=MAX_ITEMS)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_member(self) -> "NewTransaction":
        if (self.member_id is None) == (self.member_external_id is None):
            raise ValueError("give member_id or member_external_id")
        return self


class TransactionItem(Answered):
    """A line of the basket."""

    sku: str
    category: str | None
    quantity: int
    amount: DecimalString


class Transaction(Answered):
    """A purchase. It is `recorded` until the worker has awarded it, perhaps with 0 points."""

    transaction_id: UUID
    member_id: UUID
    merchant_id: UUID
    external_id: str | None
    occurred_at: UtcTime
    recorded_at: UtcTime
    amount: DecimalString
    currency: CurrencyCode
    items: list[TransactionItem]
    status: Literal["recorded", "awarded"]
    points_awarded: int | None


class TransactionWithReceipt(Transaction):
    """A purchase with the account of its points, line by line and rule by rule, once it is awarded."""

    receipt: dict[str, Any] | None
    awarded_at: UtcTime | None


class TransactionFilter(PageQuery):
    """Which purchases."""

    member_id: UUID | None = None
    merchant_id: UUID | None = None
    external_id: ExternalId | None = None
    status: Literal["recorded", "awarded"] | None = None

"""Purchases as operators and merchants see them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.admin.fields import Command, ExternalId
from schemas.admin.lists import ListQuery
from schemas.common import Answered, CurrencyCode, DecimalString, Page, UtcTime
from schemas.customer import ITEMS_LIMIT, Amount, Item, NewItem, ReceiptSteps, RequestedTime


class NewTransaction(Command):
    """A purchase of one member at the merchant whose key is used. Items, when given, sum to the amount."""

    member_id: UUID | None = None
    member_external_id: ExternalId | None = None
    external_id: ExternalId | None = Field(None, description="the merchant's own id of the purchase: recorded once")
    occurred_at: RequestedTime | None = Field(None, description="now when left out; not in the future")
    amount: Amount
    currency: CurrencyCode
    items: Annotated[list[NewItem], Field(max_length=ITEMS_LIMIT)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_member(self) -> "NewTransaction":
        if (self.member_id is None) == (self.member_external_id is None):
            raise ValueError("give member_id or member_external_id")
        return self


class Transaction(Answered):
    """A purchase. It is `recorded` until the points are worked out, then `awarded`, perhaps with 0 points."""

    transaction_id: UUID
    member_id: UUID
    merchant_id: UUID
    external_id: str | None
    occurred_at: UtcTime
    recorded_at: UtcTime
    amount: DecimalString
    currency: CurrencyCode
    items: list[Item]
    status: Literal["recorded", "awarded", "refunded"]
    points_awarded: int | None = Field(description="null while `recorded`")
    refunded_amount: DecimalString


class TransactionPage(Page[Transaction]):
    """Purchases of all members, the last recorded first."""


class TransactionWithReceipt(Transaction):
    """A purchase, and why it earned what it earned. `receipt` is null until the points are worked out."""

    receipt: ReceiptSteps | None
    awarded_at: UtcTime | None


class TransactionFilter(ListQuery):
    """Which purchases."""

    member_id: UUID | None = Field(None, description="only this member's")
    merchant_id: UUID | None = Field(None, description="only at this merchant")
    external_id: ExternalId | None = Field(None, description="the merchant's own id, exactly")
    status: Literal["recorded", "awarded"] | None = Field(None, description="only those of this status")

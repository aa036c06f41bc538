"""Refunds of purchases."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.admin.fields import Command, ExternalId, Reason
from schemas.common import Answered, CurrencyCode, DecimalString, UtcTime
from schemas.customer import ITEMS_LIMIT, QUANTITY_LIMIT, Amount, Text


class RefundItem(Command):
    """What came back of the basket. Without a quantity: all that is left of it."""

    sku: Text
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_LIMIT)] | None = None


class NewRefund(Command):
    """An amount of the purchase, or items of its basket, that the merchant gave the money back for."""

    amount: Amount | None = None
    items: Annotated[list[RefundItem], Field(min_length=1, max_length=ITEMS_LIMIT)] | None = None
    reason: Reason
    external_id: ExternalId | None = Field(None, description="the merchant's own id of the refund: recorded once")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.amount is None) == (self.items is None):
            raise ValueError("give amount or items")
        return self


class RefundedItem(Answered):
    """What came back of a line of the basket."""

    sku: str
    quantity: int
    amount: DecimalString


class Refund(Answered):
    """A refund. Of the points due, those reversed were taken back, some of them from what the member now owes; the rest
    had expired or was let go by the program's refund policy. All null until the worker has taken them."""

    refund_id: UUID
    transaction_id: UUID
    external_id: str | None
    amount: DecimalString
    currency: CurrencyCode
    items: list[RefundedItem]
    reason: str
    refunded_at: UtcTime
    points_due: int | None
    points_reversed: int | None
    points_owed: int | None
    reversed_at: UtcTime | None


class Refunds(Answered):
    """All refunds of a purchase, in their order."""

    data: list[Refund]

"""What a merchant signs: the payload of a receipt. docs/receipts.md has it with examples in Python and Node."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.common import CurrencyCode
from schemas.customer import ITEMS_LIMIT, Amount, NewItem, RequestedTime, Text


class ReceiptClaims(BaseModel):
    """A purchase, word for word as the member will claim it, and until when it may be claimed."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    merchant_id: UUID
    external_id: Text = Field(description="the merchant's own id of the purchase: a receipt is good for one")
    occurred_at: RequestedTime | None = Field(None, description="when given, the claim must give the same")
    amount: Amount
    currency: CurrencyCode
    items: Annotated[list[NewItem], Field(max_length=ITEMS_LIMIT)] = Field(default_factory=list)
    member_id: UUID | None = Field(None, description="when given, only this member may claim the purchase")
    exp: Annotated[int, Field(ge=0, le=253_402_300_799)] = Field(description="seconds since 1970 (RFC 7519)")

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.exp, UTC)

"""Merchants and the keys with which their tills sign in."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.admin.fields import Command, ExternalId, ShortText, omitted
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, UtcTime

Scope = Literal["transactions:write", "refunds:write", "redemptions:write", "events:write"]

MAX_OVERLAP_SECONDS = 7 * 86_400


class Merchant(Answered):
    """A shop where members earn points."""

    merchant_id: UUID
    external_id: str | None
    name: str
    active: bool
    created_at: UtcTime


class MerchantPage(Page[Merchant]):
    """Merchants, the newest first."""


class NewMerchant(Command):
    """The merchant to take on."""

    name: ShortText
    external_id: ExternalId | None = None


class MerchantPatch(Command):
    """Fields left out stay as they are. An inactive merchant's keys are refused and its purchases too."""

    name: ShortText = Field(default_factory=omitted)
    external_id: ExternalId | None = Field(default_factory=omitted)
    active: bool = Field(default_factory=omitted)


class MerchantFilter(ListQuery):
    """Which merchants."""

    active: bool | None = Field(None, description="only those that are, or are not")


class MerchantKey(Answered):
    """A key without its secret. `revoked_at` may lie ahead: until then a rotated key still works."""

    key_id: UUID
    merchant_id: UUID
    prefix: str
    scopes: list[Scope]
    created_at: UtcTime
    revoked_at: UtcTime | None


class MerchantKeyPage(Page[MerchantKey]):
    """A merchant's keys, the newest first."""


class NewMerchantKey(Command):
    """What the key may do."""

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]


class RotateKey(Command):
    """The old key works for `overlap_seconds` more: time to give the new one to every till."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = 0


class IssuedKey(MerchantKey):
    """`secret` is shown in this answer and never again: only its hash is stored."""

    secret: str = Field(examples=["lk_3f9a1c20b7d4_yQ0oVd6c9fT3xk2mXw1b8rJ5sN7uZaEhGpLiKtCvBqM"])

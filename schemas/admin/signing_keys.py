"""The keys with which merchants sign receipts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.admin.fields import Command
from schemas.admin.merchants import RotateKey
from schemas.common import Answered, Page, UtcTime
from schemas.patterns import described

Algorithm = Literal["ES256", "Ed25519"]
Jwk = dict[str, Any]
COORDINATE = described(r"^[A-Za-z0-9_-]{43}$", "32 bytes in base64url without padding: 43 characters")


class PublicJwk(Command):
    """A public key as a JWK (RFC 7517): Ed25519 (OKP), or P-256 (EC)."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: Annotated[str, Field(pattern=COORDINATE)]
    y: Annotated[str, Field(pattern=COORDINATE)] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> "PublicJwk":
        if (self.kty, self.crv, self.y is not None) not in (("OKP", "Ed25519", False), ("EC", "P-256", True)):
            raise ValueError("give an OKP key on Ed25519 (x), or an EC key on P-256 (x and y)")
        return self


class NewSigningKey(Command):
    """With a public key, the merchant keeps the private one. Without, both are made, and the private one shown once."""

    public_key: PublicJwk | None = None


class RotateSigningKey(RotateKey):
    """As for a new key. The old one verifies for `overlap_seconds` more: what it signed is still in people's hands."""

    public_key: PublicJwk | None = None


class SigningKey(Answered):
    """A key that verifies a merchant's receipts. A receipt names it in its header: `kid` is the key_id."""

    key_id: UUID
    merchant_id: UUID
    algorithm: Algorithm = Field(description="`alg` of the receipt's header")
    public_key: Jwk
    created_at: UtcTime
    revoked_at: UtcTime | None


class SigningKeyPage(Page[SigningKey]):
    """A merchant's signing keys, the newest first."""


class MadeSigningKey(SigningKey):
    """`private_key` is a JWK that is in this answer and never again; null when the merchant gave the public key."""

    private_key: Jwk | None

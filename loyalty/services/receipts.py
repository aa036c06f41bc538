"""Signed receipts: a merchant's word that a purchase happened, so that a member can claim it.

A receipt is a JWS in compact form (RFC 7515), signed with ES256 (RFC 7518) or Ed25519 (RFC 8037, RFC 9864). Its header
names the key (`kid`); the key, not the header, says which algorithm. It holds the purchase, and when it expires. The
claim must be what was signed. A receipt is good for one purchase: the merchant's external id is recorded once, so that
a second member who shows it is refused (external_id_reused).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key
from pydantic import ValidationError

from loyalty.clock import Clock
from loyalty.domain.money import InvalidAmount, UnknownCurrency, to_minor
from loyalty.errors import Forbidden, having
from loyalty.store import signing_keys
from loyalty.store.database import Connection
from schemas.admin.signing_keys import SigningKey
from schemas.customer import NewTransaction
from schemas.receipts import ReceiptClaims

Trust = Literal["open", "receipt"]


class ReceiptRequired(Forbidden):
    """This program takes a purchase from a member only with the merchant's signed receipt."""

    code = "receipt_required"


class ReceiptMalformed(Forbidden):
    """This is not a receipt: a JWS in compact form, with a kid in its header and a purchase in it."""

    code = "receipt_malformed"


class ReceiptKeyUnknown(Forbidden):
    """The merchant has no such signing key."""

    code = "receipt_key_unknown"


class ReceiptKeyRevoked(Forbidden):
    """The key that signed this receipt has been revoked."""

    code = "receipt_key_revoked"


class ReceiptSignatureInvalid(Forbidden):
    """The signature does not fit the receipt: it was changed, or signed with another key."""

    code = "receipt_signature_invalid"


class ReceiptExpired(Forbidden):
    """This receipt has expired."""

    code = "receipt_expired"
    members = having(expired_at=str)


class ReceiptMismatch(Forbidden):
    """The claim is not what the merchant signed."""

    code = "receipt_mismatch"
    members = having(fields=list[str])


RECEIPT_PROBLEMS = (
    ReceiptRequired,
    ReceiptMalformed,
    ReceiptKeyUnknown,
    ReceiptKeyRevoked,
    ReceiptSignatureInvalid,
    ReceiptExpired,
    ReceiptMismatch,
)


async def check_claim(conn: Connection, trust: Trust, member_id: UUID, claim: NewTransaction, clock: Clock) -> None:
    """Whether a member may claim this purchase. Raises one of RECEIPT_PROBLEMS; under trust in all comers, nothing."""
    if trust == "open":
        return
    if claim.receipt is None:
        raise ReceiptRequired
    at = clock()
    key, claims = await _verified(conn, claim.receipt, claim.merchant_id, at)
    if claims.expires_at <= at:
        raise ReceiptExpired(expired_at=claims.expires_at.isoformat())
    _compare(claim, claims, key, member_id)


def sign_receipt(private_key: Mapping[str, Any], claims: ReceiptClaims) -> str:
    """The receipt as a merchant signs it, with a private JWK that has `alg` and `kid`. Raises ValueError."""
    header = {"alg": private_key["alg"], "kid": private_key["kid"]}
    payload = claims.model_dump_json(exclude_none=True, by_alias=True).encode()
    try:
        bare = {name: value for name, value in private_key.items() if name in ("kty", "crv", "x", "y", "d")}
        return jws.serialize_compact(header, payload, import_key(bare), algorithms=[header["alg"]])
    except JoseError as error:
        raise ValueError(f"this key does not sign: {error}") from error


async def _verified(
    conn: Connection, receipt: str, merchant_id: UUID, at: datetime
) -> tuple[SigningKey, ReceiptClaims]:
    try:
        key_id = UUID(jws.extract_compact(receipt.encode()).headers()["kid"])
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReceiptMalformed from error
    key = await signing_keys.find(conn, key_id)
    if key is None or key.merchant_id != merchant_id:
        raise ReceiptKeyUnknown
    if key.revoked_at is not None and key.revoked_at <= at:
        raise ReceiptKeyRevoked
    try:
        signed = jws.deserialize_compact(receipt, import_key(key.public_key), algorithms=[key.algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise ReceiptSignatureInvalid from error
    try:
        return key, ReceiptClaims.model_validate_json(signed.payload or b"")
    except ValidationError as error:
        raise ReceiptMalformed("The merchant signed something that is not a purchase.") from error


def _compare(claim: NewTransaction, claims: ReceiptClaims, key: SigningKey, member_id: UUID) -> None:
    said, signed = _content(claim), _content(claims)
    differing = [name for name in signed if said[name] != signed[name]]
    if claims.merchant_id != key.merchant_id:
        differing.append("merchant_id")
    if claims.member_id is not None and claims.member_id != member_id:
        differing.append("member_id")
    if differing:
        raise ReceiptMismatch(fields=sorted(set(differing)))


def _content(purchase: NewTransaction | ReceiptClaims) -> dict[str, Any]:
    """What both must say alike, however each writes it."""
    return {
        "merchant_id": purchase.merchant_id,
        "external_id": purchase.external_id,
        "occurred_at": purchase.occurred_at and purchase.occurred_at.astimezone(UTC),
        "currency": purchase.currency,
        "amount": _minor(purchase.amount, purchase.currency),
        "items": [
            (item.sku, item.category, item.quantity, _minor(item.amount, purchase.currency)) for item in purchase.items
        ],
    }


def _minor(amount: str, currency: str) -> int | str:
    """An amount that is none is refused later, with its pointer."""
    try:
        return to_minor(amount, currency)
    except (InvalidAmount, UnknownCurrency):
        return amount

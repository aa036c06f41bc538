"""Unique constraints by name, as the conflicts that a client can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from loyalty.errors import Conflict


class EmailTaken(Conflict):
    """This email address is in use already."""

    code = "email_taken"


class ExternalIdTaken(Conflict):
    """This external id is in use already."""

    code = "external_id_taken"


class VoucherCodeTaken(Conflict):
    """Another redemption of this reward has this voucher code."""

    code = "voucher_code_taken"


_BY_CONSTRAINT: dict[str, type[Conflict]] = {
    "admin_email_key": EmailTaken,
    "member_email_key": EmailTaken,
    "member_external_id_key": ExternalIdTaken,
    "merchant_external_id_key": ExternalIdTaken,
    "redemption_voucher_code_key": VoucherCodeTaken,
}


@contextmanager
def conflicts_by_constraint() -> Iterator[None]:
    """Turns a violation of a unique constraint known here into its Conflict; the transaction is spent either way."""
    try:
        yield
    except asyncpg.UniqueViolationError as violation:
        conflict = _BY_CONSTRAINT.get(violation.constraint_name or "")
        if conflict is None:
            raise
        raise conflict from violation

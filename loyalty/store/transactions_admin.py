"""Purchases as operators see them: of all members, with what they earned."""

from typing import Any
from uuid import UUID

from loyalty.domain.money import from_minor
from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from loyalty.store.transactions import status_of
from schemas.admin.transactions import Transaction, TransactionFilter, TransactionWithReceipt

WAITING_LIMIT = 10_000


async def list_transactions(
    conn: Connection, wanted: TransactionFilter, before: UUID | None, limit: int
) -> list[Transaction]:
    given = {
        "member_id": wanted.member_id,
        "merchant_id": wanted.merchant_id,
        "external_id": wanted.external_id,
        "before_id": before,
        "limit": limit,
    }
    if wanted.status == "recorded":
        rows = queries.list_admin_unawarded(conn, **given)
    else:
        rows = queries.list_admin_transactions(conn, awarded=wanted.status == "awarded", **given)
    return [Transaction.model_validate(_shown(row)) async for row in rows]


async def count_unawarded(conn: Connection) -> int:
    """Purchases that wait for their award, counted up to WAITING_LIMIT. Those set aside are counted as dead letters."""
    count: int = await queries.count_unawarded(conn, limit=WAITING_LIMIT)
    return count


async def get_transaction(conn: Connection, transaction_id: UUID) -> TransactionWithReceipt:
    """Raises NotFound."""
    row = await queries.admin_transaction_by_id(conn, transaction_id=transaction_id)
    if row is None:
        raise NotFound("There is no such transaction.")
    return TransactionWithReceipt.model_validate(_shown(row))


def _shown(row: Any) -> dict[str, Any]:
    amount = from_minor(row["amount_minor"], row["currency"])
    return {
        **row,
        "amount": amount,
        "status": status_of(row["points_awarded"], row["amount_minor"], row["refunded_minor"]),
        "refunded_amount": from_minor(row["refunded_minor"], row["currency"]),
    }

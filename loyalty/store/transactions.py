"""Purchases as they were recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.idempotency import KeptAnswer, KeyTaken
from loyalty.store.queries import fetch_all, queries

EVENT_COLUMNS = (
    "event_id",
    "event_topic",
    "event_key",
    "event_payload",
    "event_source",
    "event_occurred_at",
    "event_traceparent",
)
"""As outbox.insert_values gives them."""


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A purchase. `items` are as the event has them; points_awarded is None until it is awarded."""

    transaction_id: UUID
    member_id: UUID
    merchant_id: UUID
    external_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    amount_minor: int
    currency: str
    items: Sequence[Mapping[str, Any]]
    content_hash: bytes
    points_awarded: int | None = None
    refunded_minor: int = 0

    @property
    def status(self) -> Literal["recorded", "awarded", "refunded"]:
        """`refunded` when all of the money went back."""
        return status_of(self.points_awarded, self.amount_minor, self.refunded_minor)


def status_of(
    points_awarded: int | None, amount_minor: int, refunded_minor: int
) -> Literal["recorded", "awarded", "refunded"]:
    """What a purchase is shown as."""
    if points_awarded is None:
        return "recorded"
    return "refunded" if refunded_minor and refunded_minor == amount_minor else "awarded"


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """What a purchase must agree with, and whether it was recorded. merchant_active None: there is no such merchant."""

    member_status: str
    program_currency: str
    merchant_active: bool | None
    recorded: bool


async def record(conn: Connection, transaction: StoredTransaction) -> PurchaseFacts:
    """Locks the member's wallet until the transaction ends, and records the purchase if it agrees with all the facts.

    One that agrees and was not recorded has an external id of its merchant's that was recorded before. Raises NotFound
    without a member.
    """
    row = await queries.record_transaction(conn, **_columns(transaction))
    if row is None:
        raise NotFound("There is no such member.")
    return PurchaseFacts(**row)


async def record_at_once(
    conn: Connection, transaction: StoredTransaction, event: Sequence[object], kept: KeptAnswer
) -> bool:
    """Records the purchase with its event (outbox.insert_values) and the answer to its request: all of it, or nothing.

    In a statement that is a transaction by itself. False, with nothing done, if the purchase does not agree with the
    facts or was recorded before. Raises KeyTaken, with nothing done.
    """
    try:
        recorded = await queries.record_transaction_at_once(
            conn,
            **_columns(transaction),
            **dict(zip(EVENT_COLUMNS, event, strict=True)),
            caller=kept.caller,
            route=kept.route,
            key=kept.key,
            request_hash=kept.answer.request_hash,
            status=kept.answer.status,
            headers=kept.answer.headers,
            body=kept.answer.body,
        )
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name == "idempotency_key_pkey":
            raise KeyTaken from violation
        raise
    return bool(recorded)


async def get_by_external_id(conn: Connection, merchant_id: UUID, external_id: str) -> StoredTransaction:
    """The purchase that was recorded under a merchant's external id. Raises NotFound."""
    row = await queries.find_transaction_by_external_id(conn, merchant_id=merchant_id, external_id=external_id)
    return _stored(row)


async def get(conn: Connection, member_id: UUID, transaction_id: UUID) -> StoredTransaction:
    """A member's own purchase. Raises NotFound."""
    row = await queries.find_transaction(conn, member_id=member_id, transaction_id=transaction_id)
    return _stored(row)


async def list_newest(conn: Connection, member_id: UUID, before: UUID | None, limit: int) -> list[StoredTransaction]:
    """A member's purchases recorded before the one named, the last first."""
    rows = queries.list_transactions(conn, member_id=member_id, before_id=before, row_limit=limit)
    return [StoredTransaction(**row) for row in await fetch_all(rows)]


async def get_receipt(conn: Connection, member_id: UUID, transaction_id: UUID) -> Mapping[str, Any]:
    """transaction_id, points_awarded, awarded_at and steps of a member's own purchase. Raises NotFound."""
    row: Mapping[str, Any] | None = await queries.find_receipt(conn, member_id=member_id, transaction_id=transaction_id)
    if row is None:
        raise NotFound("There is no such transaction.")
    return row


def _stored(row: Mapping[str, Any] | None) -> StoredTransaction:
    if row is None:
        raise NotFound("There is no such transaction.")
    return StoredTransaction(**row)


def _columns(transaction: StoredTransaction) -> dict[str, object]:
    return {
        "transaction_id": transaction.transaction_id,
        "member_id": transaction.member_id,
        "merchant_id": transaction.merchant_id,
        "external_id": transaction.external_id,
        "occurred_at": transaction.occurred_at,
        "recorded_at": transaction.recorded_at,
        "amount_minor": transaction.amount_minor,
        "currency": transaction.currency,
        "items": transaction.items,
        "content_hash": transaction.content_hash,
    }

"""Purchases as they were recorded."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from loyalty.errors import NotFound
from loyalty.store.database import Connection, encode_json
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
EVENTS_COLUMNS = (
    "event_ids",
    "event_topics",
    "event_keys",
    "event_payloads",
    "event_sources",
    "event_occurred_at",
    "event_traceparents",
)
"""The same of several events."""


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
class WholePurchase:
    """A purchase with its event (outbox.insert_values) and the answer to the request that asked for it."""

    transaction: StoredTransaction
    event: Sequence[object]
    kept: KeptAnswer


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


async def record_at_once(conn: Connection, purchase: WholePurchase) -> bool:
    """Records the purchase, its event and the answer to its request: all of it, or nothing.

    In a statement that is a transaction by itself. False, with nothing done, if the purchase does not agree with the
    facts or was recorded before. Raises KeyTaken, with nothing done.
    """
    with _key_taken():
        recorded = await queries.record_transaction_at_once(
            conn,
            **_columns(purchase.transaction),
            **dict(zip(EVENT_COLUMNS, purchase.event, strict=True)),
            **_answer_columns(purchase.kept),
        )
    return bool(recorded)


async def record_together(conn: Connection, purchases: Sequence[WholePurchase]) -> frozenset[UUID]:
    """As `record_at_once`, for several in one statement: the ids of those recorded.

    Passed over are also purchases of members whose wallets are locked now, and those whose key is known: they, too, are
    as if they had not been asked for. Raises KeyTaken, with nothing done for anyone, when a key is taken meanwhile.
    """
    stored = [purchase.transaction for purchase in purchases]
    answers = [purchase.kept.answer for purchase in purchases]
    events = zip(*(purchase.event for purchase in purchases), strict=True)
    with _key_taken():
        rows = queries.record_transactions_at_once(
            conn,
            transaction_ids=[each.transaction_id for each in stored],
            member_ids=[each.member_id for each in stored],
            merchant_ids=[each.merchant_id for each in stored],
            external_ids=[each.external_id for each in stored],
            occurred_at=[each.occurred_at for each in stored],
            recorded_at=[each.recorded_at for each in stored],
            amounts_minor=[each.amount_minor for each in stored],
            currencies=[each.currency for each in stored],
            items=[encode_json(each.items) for each in stored],
            content_hashes=[each.content_hash for each in stored],
            **{column: list(values) for column, values in zip(EVENTS_COLUMNS, events, strict=True)},
            callers=[purchase.kept.caller for purchase in purchases],
            routes=[purchase.kept.route for purchase in purchases],
            keys=[purchase.kept.key for purchase in purchases],
            request_hashes=[answer.request_hash for answer in answers],
            statuses=[answer.status for answer in answers],
            headers=[encode_json(answer.headers) for answer in answers],
            bodies=[answer.body for answer in answers],
        )
        return frozenset(row["id"] for row in await fetch_all(rows))


async def get_by_external_id(conn: Connection, merchant_id: UUID, external_id: str) -> StoredTransaction:
    """The purchase that was recorded under a merchant's external id. Raises NotFound."""
    row = await queries.find_transaction_by_external_id(conn, merchant_id=merchant_id, external_id=external_id)
    return _stored(row)


async def get(conn: Connection, member_id: UUID, transaction_id: UUID) -> StoredTransaction:
    """A member's own purchase. Raises NotFound."""
    row = await queries.find_transaction(conn, member_id=member_id, transaction_id=transaction_id)
    return _stored(row)


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


def _answer_columns(kept: KeptAnswer) -> dict[str, object]:
    return {
        "caller": kept.caller,
        "route": kept.route,
        "key": kept.key,
        "request_hash": kept.answer.request_hash,
        "status": kept.answer.status,
        "headers": kept.answer.headers,
        "body": kept.answer.body,
    }


@contextmanager
def _key_taken() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name == "idempotency_key_pkey":
            raise KeyTaken from violation
        raise

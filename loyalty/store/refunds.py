"""Refunds of purchases, and what they take back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from loyalty.store.transactions import StoredTransaction


@dataclass(frozen=True, slots=True)
class StoredRefund:
    """A refund; parts are {line, quantity, amount_minor}. What it took back is None until the worker has done so."""

    refund_id: UUID
    transaction_id: UUID
    member_id: UUID
    merchant_id: UUID
    seq: int
    external_id: str | None
    amount_minor: int
    parts: Sequence[Mapping[str, int]]
    reason: str
    content_hash: bytes
    refunded_at: datetime
    points_due: int | None = None
    points_reversed: int | None = None
    points_owed: int | None = None
    points_lapsed: int | None = None
    reversed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredAward:
    """What a purchase was awarded and why; entry_id is None for 0 points."""

    transaction_id: UUID
    member_id: UUID
    points: int
    receipt: Mapping[str, Any]
    entry_id: int | None
    amount_minor: int
    currency: str
    items: Sequence[Mapping[str, Any]]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class EarnedLot:
    """A lot that an award made. `expired` points of it nobody spent in time."""

    entry_id: int
    lot_id: int
    remaining: int
    expires_at: datetime | None
    pending: bool
    expired: int


@dataclass(frozen=True, slots=True)
class NewReversal:
    """What a refund took back; entry_id is None when that is nothing."""

    refund_id: UUID
    points_due: int
    points_reversed: int
    points_owed: int
    points_lapsed: int
    entry_id: int | None
    wallet_version: int


async def lock_purchase(conn: Connection, transaction_id: UUID) -> StoredTransaction:
    """The purchase, its member's wallet locked until the transaction ends. Raises NotFound."""
    row = await queries.lock_purchase_to_refund(conn, transaction_id=transaction_id)
    if row is None:
        raise NotFound("There is no such transaction.")
    return StoredTransaction(**row)


async def list_refunds(conn: Connection, transaction_ids: Collection[UUID]) -> dict[UUID, list[StoredRefund]]:
    """The refunds of each purchase, in their order; a purchase without one is there too."""
    found: dict[UUID, list[StoredRefund]] = {transaction_id: [] for transaction_id in transaction_ids}
    async for row in queries.list_refunds_of(conn, transaction_ids=list(found)):
        found[row["transaction_id"]].append(StoredRefund(**row))
    return found


async def find_by_external_id(conn: Connection, merchant_id: UUID, external_id: str) -> StoredRefund | None:
    row = await queries.find_refund_by_external_id(conn, merchant_id=merchant_id, external_id=external_id)
    return None if row is None else StoredRefund(**row)


async def insert(conn: Connection, refund: StoredRefund) -> None:
    """A refund that has not taken any points back yet."""
    await queries.insert_refund(
        conn,
        refund_id=refund.refund_id,
        transaction_id=refund.transaction_id,
        member_id=refund.member_id,
        merchant_id=refund.merchant_id,
        seq=refund.seq,
        external_id=refund.external_id,
        amount_minor=refund.amount_minor,
        parts=refund.parts,
        reason=refund.reason,
        content_hash=refund.content_hash,
        refunded_at=refund.refunded_at,
    )


async def claim(conn: Connection, consumer: str, event_ids: Collection[UUID]) -> set[UUID]:
    """The refunds to handle now: never claimed before, and their purchases have their awards."""
    rows = queries.claim_refund_events(conn, consumer=consumer, event_ids=list(set(event_ids)))
    return {row["event_id"] for row in await fetch_all(rows)}


async def list_awards(conn: Connection, transaction_ids: Collection[UUID]) -> dict[UUID, StoredAward]:
    rows = queries.list_awards_to_reverse(conn, transaction_ids=list(transaction_ids))
    return {row["transaction_id"]: StoredAward(**row) for row in await fetch_all(rows)}


async def list_earned_lots(conn: Connection, entry_ids: Collection[int]) -> dict[int, EarnedLot]:
    """The lot that each of the entries made, if it made one. Hold the wallets' locks."""
    rows = queries.list_lots_to_reverse(conn, entry_ids=list(entry_ids))
    return {row["entry_id"]: EarnedLot(**row) for row in await fetch_all(rows)}


async def save_reversals(conn: Connection, reversals: Sequence[NewReversal], reversed_at: datetime) -> None:
    """Writes what the refunds took back, and which referrals they leave without their purchase, in one statement."""
    await queries.save_reversals(
        conn,
        reversed_at=reversed_at,
        refund_ids=[r.refund_id for r in reversals],
        points_dues=[r.points_due for r in reversals],
        points_reverseds=[r.points_reversed for r in reversals],
        points_oweds=[r.points_owed for r in reversals],
        points_lapseds=[r.points_lapsed for r in reversals],
        entry_ids=[r.entry_id for r in reversals],
        wallet_versions=[r.wallet_version for r in reversals],
    )


async def list_unreversed(conn: Connection, consumer: str, refunded_before: datetime, limit: int) -> list[StoredRefund]:
    """Refunds whose purchases have their awards, that have waited longest."""
    rows = queries.list_unreversed_refunds(conn, consumer=consumer, refunded_before=refunded_before, row_limit=limit)
    return [StoredRefund(**row) for row in await fetch_all(rows)]

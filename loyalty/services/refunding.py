"""Recording a refund. Which points it takes back is the worker's business; how much money may go back is decided here.

The wallet of the purchase's member is locked first, so that refunds of one purchase are recorded one after the other:
together they never exceed it. A merchant's external id is recorded once, as it is for purchases.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.money import InvalidAmount, from_minor, to_minor
from loyalty.domain.refund import RefundExceedsPurchase
from loyalty.errors import Invalid, NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.recording import ExternalIdReused
from loyalty.store import refunds, transactions_admin
from loyalty.store.database import Connection
from loyalty.store.refunds import StoredRefund
from loyalty.store.transactions import StoredTransaction
from outbox import NewEvent
from schemas.admin.refunds import NewRefund, Refund, RefundedItem, RefundItem
from schemas.events import RefundedLine, TransactionRefunded

REFUNDS_LIMIT = 200
"""Refunds of one purchase: each is reckoned from all before it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The refund, and whether it was recorded now or had been before."""

    refund: Refund
    created: bool


async def record_refund(
    conn: Connection, transaction_id: UUID, command: NewRefund, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Recorded:
    """Raises NotFound (also for another merchant's purchase), Invalid, RefundExceedsPurchase, ExternalIdReused."""
    purchase = await refunds.lock_purchase(conn, transaction_id)
    if actor.kind == "merchant" and str(purchase.merchant_id) != actor.id:
        raise NotFound("There is no such transaction.")
    if (before := await _recorded_before(conn, purchase, command)) is not None:
        return Recorded(show_refund(before, purchase.currency, purchase.items), created=False)
    history = (await refunds.list_refunds(conn, [transaction_id]))[transaction_id]
    refund = _draft(purchase, history, command, clock, make_id)
    await refunds.insert(conn, refund)
    shown = show_refund(refund, purchase.currency, purchase.items)
    change = Change("transaction.refunded", "transaction", str(transaction_id), None, shown)
    await record_change(conn, change, actor, refund.refunded_at)
    await emit(conn, [transaction_refunded(refund, purchase.currency, actor.traceparent)])
    return Recorded(shown, created=True)


async def view_refunds(conn: Connection, transaction_id: UUID) -> list[Refund]:
    """The refunds of a purchase, in their order. Raises NotFound."""
    purchase = await transactions_admin.get_transaction(conn, transaction_id)
    items = [item.model_dump() for item in purchase.items]
    history = await refunds.list_refunds(conn, [transaction_id])
    return [show_refund(refund, purchase.currency, items) for refund in history[transaction_id]]


def transaction_refunded(refund: StoredRefund, currency: str, traceparent: str | None) -> NewEvent:
    """The event of a refund. Its id is the refund's: however often it is appended, it counts once."""
    event = TransactionRefunded(
        member_id=refund.member_id,
        refund_id=refund.refund_id,
        transaction_id=refund.transaction_id,
        merchant_id=refund.merchant_id,
        external_id=refund.external_id,
        amount=from_minor(refund.amount_minor, currency),
        currency=currency,
        lines=tuple(
            RefundedLine(
                line=part["line"], quantity=part["quantity"], amount=from_minor(part["amount_minor"], currency)
            )
            for part in refund.parts
        ),
        reason=refund.reason,
        refunded_at=refund.refunded_at,
    )
    return outgoing(event, event_id=refund.refund_id, occurred_at=refund.refunded_at, traceparent=traceparent)


def show_refund(refund: StoredRefund, currency: str, items: Sequence[Mapping[str, Any]]) -> Refund:
    """A refund as the API shows it."""
    return Refund(
        refund_id=refund.refund_id,
        transaction_id=refund.transaction_id,
        external_id=refund.external_id,
        amount=from_minor(refund.amount_minor, currency),
        currency=currency,
        items=[
            RefundedItem(
                sku=items[part["line"]]["sku"],
                quantity=part["quantity"],
                amount=from_minor(part["amount_minor"], currency),
            )
            for part in refund.parts
        ],
        reason=refund.reason,
        refunded_at=refund.refunded_at,
        points_due=refund.points_due,
        points_reversed=refund.points_reversed,
        points_owed=refund.points_owed,
        reversed_at=refund.reversed_at,
    )


async def _recorded_before(conn: Connection, purchase: StoredTransaction, command: NewRefund) -> StoredRefund | None:
    if command.external_id is None:
        return None
    before = await refunds.find_by_external_id(conn, purchase.merchant_id, command.external_id)
    if before is not None and before.content_hash != _content_hash(purchase, command):
        raise ExternalIdReused(external_id=command.external_id)
    return before


def _draft(
    purchase: StoredTransaction,
    history: Sequence[StoredRefund],
    command: NewRefund,
    clock: Clock,
    make_id: IdSource,
) -> StoredRefund:
    left_minor = purchase.amount_minor - sum(refund.amount_minor for refund in history)
    parts = list(_parts(purchase, history, command.items or ()))
    amount_minor = sum(part["amount_minor"] for part in parts) if parts else _amount(purchase, command)
    nothing_left = bool(history) and left_minor == 0
    if amount_minor > left_minor or nothing_left or len(history) >= REFUNDS_LIMIT:
        raise RefundExceedsPurchase(refundable=from_minor(left_minor, purchase.currency))
    return StoredRefund(
        refund_id=make_id(),
        transaction_id=purchase.transaction_id,
        member_id=purchase.member_id,
        merchant_id=purchase.merchant_id,
        seq=len(history) + 1,
        external_id=command.external_id,
        amount_minor=amount_minor,
        parts=parts,
        reason=command.reason,
        content_hash=_content_hash(purchase, command),
        refunded_at=clock(),
    )


def _amount(purchase: StoredTransaction, command: NewRefund) -> int:
    assert command.amount is not None, "the contract asks for an amount or items"
    try:
        amount_minor = to_minor(command.amount, purchase.currency)
    except InvalidAmount as invalid:
        raise Invalid([("/amount", invalid.message)]) from invalid
    if not amount_minor and purchase.amount_minor:
        raise Invalid([("/amount", "A refund of nothing changes nothing")])
    return amount_minor


def _parts(
    purchase: StoredTransaction, history: Sequence[StoredRefund], wanted: Sequence[RefundItem]
) -> Iterator[dict[str, int]]:
    """Which lines are refunded, and what of each. A quantity may be of several lines of one sku."""
    done = [0] * len(purchase.items)
    for refund in history:
        for part in refund.parts:
            done[part["line"]] += part["quantity"]
    for place, item in enumerate(wanted):
        lines = [n for n, line in enumerate(purchase.items) if line["sku"] == item.sku]
        missing = sum(_quantity(purchase, n) - done[n] for n in lines) if item.quantity is None else item.quantity
        for line in lines:
            quantity = min(missing, _quantity(purchase, line) - done[line])
            if quantity > 0:
                before, done[line] = done[line], done[line] + quantity
                amount_minor = _minor_of(purchase, line, done[line]) - _minor_of(purchase, line, before)
                yield {"line": line, "quantity": quantity, "amount_minor": amount_minor}
                missing -= quantity
        if not lines or missing or item.quantity == 0:
            raise Invalid([(f"/items/{place}", f"There is not so much left of {item.sku!r} to refund")])


def _quantity(purchase: StoredTransaction, line: int) -> int:
    """A line without a quantity is refunded as one."""
    return max(1, int(purchase.items[line]["quantity"]))


def _minor_of(purchase: StoredTransaction, line: int, quantity: int) -> int:
    """What so many of a line cost: all of them exactly the line's amount."""
    amount_minor = to_minor(purchase.items[line]["amount"], purchase.currency)
    return amount_minor * quantity // _quantity(purchase, line)


def _content_hash(purchase: StoredTransaction, command: NewRefund) -> bytes:
    asked = {"transaction_id": str(purchase.transaction_id), **command.model_dump(mode="json")}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest()

"""Recording a purchase: the one way in, whoever sends it.

A merchant's external id is recorded once: again with the same content it is the same purchase, with other content it
is refused. The wallet is locked first and transaction.recorded emitted last, so that a member's events leave in the
order of their commits. The event's id is the transaction's: however often it is appended, it counts once.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.money import InvalidAmount, UnknownCurrency, from_minor, to_minor
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.events import TOPICS, emit, outgoing_json
from loyalty.store import transactions
from loyalty.store.database import Connection
from loyalty.store.idempotency import KeptAnswer, KeyTaken
from loyalty.store.members import check_active
from loyalty.store.transactions import PurchaseFacts, StoredTransaction, WholePurchase
from outbox import NewEvent, insert_values

MAX_AMOUNT_MINOR = 10**12 - 1
"""The most a purchase may amount to, in minor units: 9,999,999,999.99 in a currency of two decimals."""
ITEM_FIELDS = ("sku", "category", "quantity", "amount")
"""In the order of the event's model: the database may give a stored purchase's in another."""
FUTURE_SKEW = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class ExternalIdReused(Conflict):
    """The merchant's external id was recorded before, with other content."""

    code = "external_id_reused"
    members = having(external_id=str)


class PurchaseItem(Protocol):
    """A line as a request has it. `amount` is a decimal string, the whole line's."""

    @property
    def sku(self) -> str: ...
    @property
    def category(self) -> str | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def amount(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RecordTransaction:
    """A purchase to record. `amount` is a decimal string; without occurred_at it happens now."""

    member_id: UUID
    merchant_id: UUID
    amount: str
    currency: str
    external_id: str | None = None
    occurred_at: datetime | None = None
    items: Sequence[PurchaseItem] = ()
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The purchase, and whether it was recorded now or had been before."""

    transaction: StoredTransaction
    created: bool


async def record_transaction(
    conn: Connection, command: RecordTransaction, clock: Clock, make_id: IdSource = new_id
) -> Recorded:
    """Raises Invalid with a pointer for each thing wrong, ExternalIdReused, MemberInactive, and NotFound (member)."""
    at = clock()
    draft = _draft(command, at, make_id())
    facts = await transactions.record(conn, draft)
    _check_facts(command, facts)
    if not facts.recorded:
        return await _recorded_before(conn, draft)
    await emit(conn, [transaction_recorded(draft, command.traceparent)])
    return Recorded(draft, created=True)


def whole_purchase(
    command: RecordTransaction,
    keep: Callable[[StoredTransaction], KeptAnswer],
    clock: Clock,
    make_id: IdSource = new_id,
) -> WholePurchase:
    """All that is to be stored for a purchase of the plain case, for `record_at_once`. Raises Invalid."""
    draft = _draft(command, clock(), make_id())
    event = insert_values(transaction_recorded(draft, command.traceparent), TOPICS)
    return WholePurchase(draft, event, keep(draft))


async def record_at_once(conn: Connection, purchases: Sequence[WholePurchase]) -> Sequence[bool]:
    """The plain case, in one statement that is a transaction by itself: purchases, their events, the kept answers.

    False, with nothing done for that purchase, in every other case: `record_transaction` finds out which. Raises
    KeyTaken for a purchase alone.
    """
    if len(purchases) == 1:
        return [await transactions.record_at_once(conn, purchases[0])]
    try:
        recorded = await transactions.record_together(conn, _different(purchases))
    except KeyTaken:
        return [False] * len(purchases)
    return [purchase.transaction.transaction_id in recorded for purchase in purchases]


def _different(purchases: Sequence[WholePurchase]) -> list[WholePurchase]:
    """The first for each key: of two requests with the same one, the other gets its answer."""
    return list({(each.kept.caller, each.kept.key): each for each in reversed(purchases)}.values())[::-1]


async def _recorded_before(conn: Connection, draft: StoredTransaction) -> Recorded:
    assert draft.external_id is not None, "without an external id there is no conflict"
    first = await transactions.get_by_external_id(conn, draft.merchant_id, draft.external_id)
    if first.content_hash != draft.content_hash:
        raise ExternalIdReused(external_id=draft.external_id)
    return Recorded(first, created=False)


def _draft(command: RecordTransaction, at: datetime, transaction_id: UUID) -> StoredTransaction:
    amount_minor, items_minor = _check_amounts(command)
    occurred_at = _check_time(command.occurred_at, at)
    items = [
        {
            "sku": item.sku,
            "category": item.category,
            "quantity": item.quantity,
            "amount": from_minor(minor, command.currency),
        }
        for item, minor in zip(command.items, items_minor, strict=True)
    ]
    return StoredTransaction(
        transaction_id=transaction_id,
        member_id=command.member_id,
        merchant_id=command.merchant_id,
        external_id=command.external_id,
        occurred_at=occurred_at,
        recorded_at=at,
        amount_minor=amount_minor,
        currency=command.currency,
        items=items,
        content_hash=_content_hash(command, amount_minor, items),
    )


def _check_amounts(command: RecordTransaction) -> tuple[int, list[int]]:
    errors: list[tuple[str, str]] = []
    amount_minor = _minor(command.amount, command.currency, "/amount", errors)
    items_minor = [
        _minor(item.amount, command.currency, f"/items/{index}/amount", errors)
        for index, item in enumerate(command.items)
    ]
    if not errors and command.items and sum(items_minor) != amount_minor:
        total = from_minor(sum(items_minor), command.currency)
        errors.append(
            ("/items", f"The items sum to {total}, the amount is {from_minor(amount_minor, command.currency)}")
        )
    if errors:
        raise Invalid(errors)
    return amount_minor, items_minor


def _minor(amount: str, currency: str, pointer: str, errors: list[tuple[str, str]]) -> int:
    try:
        minor = to_minor(amount, currency)
    except UnknownCurrency as error:
        raise Invalid([("/currency", error.message)]) from error
    except InvalidAmount as error:
        errors.append((pointer, error.message))
        return 0
    if minor < 0:
        errors.append((pointer, "An amount is not negative"))
    elif minor > MAX_AMOUNT_MINOR:
        errors.append((pointer, f"An amount is at most {from_minor(MAX_AMOUNT_MINOR, currency)}"))
    return minor


def _check_time(occurred_at: datetime | None, at: datetime) -> datetime:
    if occurred_at is None:
        return at
    if occurred_at > at + FUTURE_SKEW:
        raise Invalid([("/occurred_at", "A purchase does not occur in the future")])
    if occurred_at < EARLIEST:
        raise Invalid([("/occurred_at", "A purchase does not occur before 1970")])
    return occurred_at.astimezone(UTC)


def _check_facts(command: RecordTransaction, facts: PurchaseFacts) -> None:
    check_active(facts.member_status)
    errors = []
    if command.currency != facts.program_currency:
        errors.append(("/currency", f"This program takes purchases in {facts.program_currency} only"))
    if facts.merchant_active is None:
        errors.append(("/merchant_id", "There is no such merchant"))
    elif not facts.merchant_active:
        errors.append(("/merchant_id", "This merchant is not active"))
    if errors:
        raise Invalid(errors)


def _content_hash(command: RecordTransaction, amount_minor: int, items: list[dict[str, Any]]) -> bytes:
    """What makes two requests the same purchase: all of it as it was sent. A time left out is not a time."""
    content = [
        str(command.member_id),
        command.occurred_at and command.occurred_at.astimezone(UTC).isoformat(),
        amount_minor,
        command.currency,
        items,
    ]
    return hashlib.sha256(orjson.dumps(content)).digest()


def transaction_recorded(stored: StoredTransaction, traceparent: str | None) -> NewEvent:
    """The event that tells of a purchase: its id is the transaction's, however often it is told."""
    body = {
        "schema_version": 1,
        "member_id": stored.member_id,
        "transaction_id": stored.transaction_id,
        "merchant_id": stored.merchant_id,
        "external_id": stored.external_id,
        "occurred_at": stored.occurred_at,
        "recorded_at": stored.recorded_at,
        "amount": from_minor(stored.amount_minor, stored.currency),
        "currency": stored.currency,
        "items": [{name: item[name] for name in ITEM_FIELDS} for item in stored.items],
    }
    return outgoing_json(
        "transaction.recorded",
        stored.member_id,
        body,
        event_id=stored.transaction_id,
        at=stored.recorded_at,
        traceparent=traceparent,
    )

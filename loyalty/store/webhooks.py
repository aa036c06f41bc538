"""Rows of webhooks: endpoints, deliveries, and how far the log was handed out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.webhooks import Delivery, DeliveryWithLog, Webhook


@dataclass(frozen=True, slots=True)
class Cut:
    """What became visible between two snapshots and is not handed out yet: ids from next_id to high_id."""

    since: str
    until: str
    next_id: int
    high_id: int


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery to attempt now. The secrets are encrypted; attempts are those that failed."""

    delivery_id: UUID
    webhook_id: UUID
    url: str
    secret: str
    previous_secret: str | None
    event_type: str
    payload: bytes
    occurred_at: datetime
    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """How an attempt went: an HTTP status, or why there is none."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    answer: str | None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def insert(conn: Connection, webhook: Webhook, secret: str) -> None:
    await queries.insert_webhook(
        conn,
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        description=webhook.description,
        event_types=webhook.event_types,
        secret=secret,
        at=webhook.created_at,
    )


async def get(conn: Connection, webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    return _webhook(await queries.webhook_by_id(conn, webhook_id=webhook_id))


async def lock(conn: Connection, webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    return _webhook(await queries.lock_webhook(conn, webhook_id=webhook_id))


async def list_webhooks(conn: Connection, wanted: object, before: UUID | None, limit: int) -> list[Webhook]:
    return [_webhook(row) for row in await fetch_all(queries.list_webhooks(conn, before_id=before, limit=limit))]


async def count(conn: Connection) -> int:
    found: int = await queries.count_webhooks(conn)
    return found


async def update(conn: Connection, webhook: Webhook) -> None:
    await queries.update_webhook(conn, **webhook.model_dump(exclude={"created_at"}))


async def replace_secret(conn: Connection, webhook_id: UUID, secret: str, previous_until: datetime) -> None:
    await queries.replace_webhook_secret(conn, webhook_id=webhook_id, secret=secret, previous_until=previous_until)


async def delete(conn: Connection, webhook_id: UUID) -> None:
    await queries.delete_webhook(conn, webhook_id=webhook_id)


async def insert_ping(conn: Connection, delivery_id: UUID, webhook_id: UUID, payload: bytes, at: datetime) -> None:
    await queries.insert_webhook_ping(conn, delivery_id=delivery_id, webhook_id=webhook_id, payload=payload, at=at)


async def list_deliveries(
    conn: Connection, webhook_id: UUID, status: str | None, before: UUID | None, limit: int
) -> list[Delivery]:
    rows = queries.list_webhook_deliveries(conn, webhook_id=webhook_id, status=status, before_id=before, limit=limit)
    return [Delivery.model_validate(dict(row)) for row in await fetch_all(rows)]


async def get_delivery(conn: Connection, delivery_id: UUID) -> DeliveryWithLog:
    """Raises NotFound."""
    row = await queries.webhook_delivery_by_id(conn, delivery_id=delivery_id)
    if row is None:
        raise NotFound("There is no such delivery.")
    return DeliveryWithLog.model_validate(dict(row))


async def redeliver(conn: Connection, delivery_id: UUID, at: datetime) -> None:
    await queries.redeliver_webhook(conn, delivery_id=delivery_id, at=at)


async def try_to_lead(conn: Connection) -> bool:
    """Whether this session, and no other, delivers webhooks until it ends."""
    leads: bool = await queries.try_to_lead_webhooks(conn)
    return leads


async def anyone_listens(conn: Connection) -> bool:
    wanted: bool = await queries.webhooks_wanted(conn)
    return wanted


async def skip_to_now(conn: Connection) -> None:
    """What is in the log is handed out to nobody."""
    await queries.skip_webhook_cursor(conn)


async def begin_cut(conn: Connection) -> Cut | None:
    """The open cut, or a new one; None when nothing was written since the last."""
    row = await queries.begin_webhook_cut(conn)
    return Cut(**row) if row["until"] is not None else None


async def hand_out(conn: Connection, cut: Cut, up_to_id: int, at: datetime) -> int:
    """Makes the deliveries of the cut's events with ids below `up_to_id`, and goes on there. How many."""
    made: int = await queries.hand_out_webhook_window(
        conn, since=cut.since, until=cut.until, low_id=cut.next_id, high_id=up_to_id, at=at
    )
    await queries.advance_webhook_cursor(conn, next_id=up_to_id)
    return made


async def list_due(
    conn: Connection, at: datetime, in_hand: Collection[UUID], per_endpoint: int, limit: int
) -> list[DueDelivery]:
    """What is due and not in hand, the longest waiting first."""
    rows = queries.list_due_webhooks(conn, at=at, in_hand=list(in_hand), per_endpoint=per_endpoint, row_limit=limit)
    return [DueDelivery(**row) for row in await fetch_all(rows)]


async def record_attempt(conn: Connection, delivery_id: UUID, n: int, made: AttemptMade) -> None:
    await queries.record_webhook_attempt(
        conn,
        delivery_id=delivery_id,
        n=n,
        at=made.at,
        duration_ms=made.duration_ms,
        status=made.status,
        error=made.error,
        answer=made.answer,
    )


async def settle(
    conn: Connection,
    delivery_id: UUID,
    outcome: Literal["pending", "delivered", "failed"],
    *,
    attempts: int,
    next_attempt_at: datetime | None,
    delivered_at: datetime | None,
) -> None:
    await queries.settle_webhook_delivery(
        conn,
        delivery_id=delivery_id,
        outcome=outcome,
        attempts=attempts,
        next_attempt_at=next_attempt_at,
        delivered_at=delivered_at,
    )


async def note_success(conn: Connection, webhook_id: UUID) -> None:
    await queries.note_webhook_success(conn, webhook_id=webhook_id)


async def note_failure(conn: Connection, webhook_id: UUID, at: datetime) -> datetime | None:
    """Since when the endpoint has failed; None when it is gone."""
    row = await queries.note_webhook_failure(conn, webhook_id=webhook_id, at=at)
    since: datetime | None = row["failing_since"] if row else None
    return since


async def disable(conn: Connection, webhook_id: UUID, reason: str) -> None:
    await queries.disable_webhook(conn, webhook_id=webhook_id, reason=reason)


async def forget_deliveries(conn: Connection, before: datetime, limit: int) -> int:
    gone: int = await queries.forget_webhook_deliveries(conn, before=before, row_limit=limit)
    return gone


def _webhook(row: Mapping[str, Any] | None) -> Webhook:
    if row is None:
        raise NotFound("There is no such webhook.")
    return Webhook.model_validate(dict(row))
